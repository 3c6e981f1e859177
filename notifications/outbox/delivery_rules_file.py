"""Reading the city's delivery.toml and checking it against the messages it speaks of."""

import re
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from string import Formatter
from types import MappingProxyType

from app.domain.toml_reader import Source, Table
from app.wechat.port import AccountKind
from notifications.channels.registry import CHANNELS
from notifications.outbox.delivery_rules import (
    FIRST,
    LAST,
    PAGE_PLACE,
    URGENCIES,
    DeliveryRules,
    SmsText,
    Topic,
    Unsettled,
    Urgency,
)
from notifications.wording.catalog import Catalog
from notifications.wording.kinds import Audience, Channel
from notifications.wording.vocabulary import VALUES

FILE = "delivery.toml"
DEFAULT_STAFF_CHAIN: tuple[Channel, ...] = (Channel.TEMPLATE,)

_MOST_SMS = 70
"""Characters of a text message that is charged once, for the fixed part; the operator splits longer ones."""
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_CALLING_CODE = re.compile(r"[1-9][0-9]{0,2}")
_PLACE = re.compile(r"\{([1-9])\}")
_TITLE = "title"


def load(folder: Path, catalog: Catalog) -> DeliveryRules:
    """The rules of the city in `folder`, for the messages of `catalog`.

    Raises `ConfigError` with every fault: unknown kinds, channels, templates or values, a kind that is named
    twice, a kind to staff without an urgency, a chain that ends in nothing, a text message whose places and
    values do not agree.
    """
    source = Source(folder / FILE)
    root = source.root
    chains = root.table("chains")
    sms = _sms(root.table("sms"))
    default_chain = () if chains is None else _chain(chains, "default")
    staff_chain = DEFAULT_STAFF_CHAIN
    if chains is not None and chains.has("staff"):
        staff_chain = _chain(chains, "staff", Audience.STAFF)
    kinds = None if chains is None else chains.table("kinds", optional=True)
    customers = [kind for kind, said in catalog.messages.items() if said.audience is Audience.CUSTOMER]
    by_kind = {} if kinds is None else {kind: _chain(kinds, kind) for kind in _known_of(kinds, customers)}
    _check_sms(source, sms, {**dict.fromkeys(customers, default_chain), **by_kind}, catalog)
    unknown = root.table("unknown")
    night = root.table("night")
    urgent = () if night is None else _named(night, "urgent", catalog)
    answers = () if night is None else _named(night, "answers", catalog)
    for kind in sorted(set(urgent) & set(answers)):
        source.note("night.answers", f"{kind} stands among the urgent too")
    staff = root.table("staff")
    urgency = _urgency(staff, catalog)
    _check_words(source, urgency, staff_chain, catalog)
    rules = DeliveryRules(
        importance=MappingProxyType(_importance(root.table("importance"), catalog)),
        default_chain=default_chain,
        staff_chain=staff_chain,
        chains=MappingProxyType(by_kind),
        topics=_topics(root.table("topics"), catalog),
        sms=sms,
        page_link=_page_link(root, needed=Channel.WECOM in staff_chain),
        call_after=_hours(root.table("call"), "after_hours"),
        settle_after=_hours(unknown, "after_hours"),
        unsettled=Unsettled.PRESUMED if unknown is None else unknown.choice("rule", Unsettled),
        unsettled_of=MappingProxyType(_unsettled(unknown, catalog)),
        urgent=frozenset(urgent),
        answers=frozenset(answers),
        answers_within=timedelta(minutes=_minutes(night, "answers_within_minutes")),
        drain_per_second=_rate(root.table("after_outage")),
        summary_at=_clock(root, "summary_at"),
        urgency=MappingProxyType(urgency),
        most_a_day=_at_least_one(staff, "most_a_day"),
        asked_first=_at_least_one(staff, "asked_first"),
    )
    source.finish()
    return rules


def _known_of(table: Table, customers: Collection[str]) -> list[str]:
    """The kinds that are keys of `table`; those that are none, or not to customers, are faults."""
    found = []
    for name in table.names():
        if name in customers:
            found.append(name)
        else:
            table.texts(name)
            table.fault(name, "no kind of message to customers")
    return found


def _named(table: Table, key: str, catalog: Catalog) -> list[str]:
    kinds = []
    for name in table.texts(key):
        if name in catalog.messages:
            kinds.append(name)
        else:
            table.fault(key, f"no kind of message has the name {name!r}")
    return kinds


def _importance(table: Table | None, catalog: Catalog) -> dict[str, int]:
    if table is None:
        return {}
    first, last = _named(table, "first", catalog), _named(table, "last", catalog)
    for kind in sorted(set(first) & set(last)):
        table.fault("last", f"{kind} stands among the first too")
    return {**dict.fromkeys(first, FIRST), **dict.fromkeys(last, LAST)}


def _chain(table: Table, key: str, to: Audience = Audience.CUSTOMER) -> tuple[Channel, ...]:
    words = table.texts(key)
    known = {key.value for key, channel in CHANNELS.items() if to in channel.audiences}
    if to is Audience.CUSTOMER:
        known.add(Channel.CALL)
    for word in words:
        if word not in known:
            table.fault(key, f"{word!r} is no channel to {to}; there are {', '.join(sorted(known))}")
    chain = tuple(Channel(word) for word in words if word in known)
    if Channel.CALL in chain[:-1]:
        table.fault(key, "nothing can come after call")
    return chain


def _urgency(table: Table | None, catalog: Catalog) -> dict[str, Urgency]:
    """How urgent each kind to staff is. There is no default: whoever adds a kind decides."""
    if table is None:
        return {}
    found: dict[str, Urgency] = {}
    for urgency in URGENCIES:
        for kind in _named(table, urgency, catalog):
            if catalog.messages[kind].audience is not Audience.STAFF:
                table.fault(urgency, f"{kind} goes to customers, who are told of everything at once")
            elif kind in found:
                table.fault(urgency, f"{kind} is named twice")
            else:
                found[kind] = urgency
    for kind, message in catalog.messages.items():
        if message.audience is Audience.STAFF and kind not in found:
            table.fault(kind, f"named in none of {', '.join(URGENCIES)}: say how urgent this kind is")
    return found


def _check_words(
    source: Source, urgency: dict[str, Urgency], chain: tuple[Channel, ...], catalog: Catalog
) -> None:
    """What is told alone has words for the template of the service account, where staff are told by it."""
    for kind, how in urgency.items():
        if (
            Channel.TEMPLATE in chain
            and how is not Urgency.GATHERED
            and Channel.TEMPLATE not in catalog.messages[kind].layouts
        ):
            source.note(f"staff.{how}", f"{kind} has no [messages.{kind}.service], so it can't be told alone")


def _at_least_one(table: Table | None, key: str) -> int:
    number = None if table is None else table.whole(key)
    if table is not None and number == 0:
        table.fault(key, "must be 1 or more")
    return number or 1


def _topics(table: Table | None, catalog: Catalog) -> tuple[Topic, ...]:
    if table is None:
        return ()
    topics = []
    seen: set[str] = set()
    for key in table.names():
        inner = table.table(key)
        if inner is None:
            continue
        kinds = frozenset(_named(inner, "kinds", catalog))
        for kind in sorted(kinds & seen):
            inner.fault("kinds", f"{kind} belongs to another topic too")
        for kind in sorted(
            kind for kind in kinds if catalog.messages[kind].audience is not Audience.CUSTOMER
        ):
            inner.fault("kinds", f"{kind} goes to staff, who can't decline it")
        seen |= kinds
        topics.append(Topic(key, inner.text("name"), kinds))
    return tuple(topics)


def _sms(table: Table | None) -> SmsText:
    if table is None:
        return SmsText("", ())
    text, values = table.text("text"), table.texts("values")
    places = [int(place) for place in _PLACE.findall(text)]
    if places != list(range(1, len(values) + 1)):
        table.fault("values", "the text must name {1}, {2}, … once each, as many as there are values")
    if len(_PLACE.sub("", text)) > _MOST_SMS:
        table.fault("text", f"is longer than {_MOST_SMS} characters beside its values")
    countries = table.texts("countries")
    for code in countries:
        if not _CALLING_CODE.fullmatch(code):
            table.fault("countries", f"{code!r} is no calling code such as 86")
    return SmsText(text, values, countries)


def _check_sms(
    source: Source, sms: SmsText, chains: dict[str, tuple[Channel, ...]], catalog: Catalog
) -> None:
    """Every value of the text message is known of every kind that may be told by one."""
    named = {
        name for text in sms.values for _, name, _, _ in Formatter().parse(text) if name not in (None, _TITLE)
    }
    for kind, chain in chains.items():
        if Channel.SMS in chain:
            for name in sorted(
                str(name) for name in named if name not in VALUES[catalog.messages[kind].about]
            ):
                source.note("sms.values", f"{kind} has no value {{{name}}}")


def _unsettled(table: Table | None, catalog: Catalog) -> dict[str, Unsettled]:
    inner = None if table is None else table.table("templates", optional=True)
    if inner is None:
        return {}
    rules = {}
    for key in inner.names():
        rules[key] = inner.choice(key, Unsettled)
        if key not in catalog.templates or catalog.templates[key].account is not AccountKind.MINI_PROGRAM:
            inner.fault(key, "no template of the mini-program has this key")
    return rules


def _page_link(root: Table, *, needed: bool) -> str:
    """Cards of WeCom open an address of the web, which leads to the page."""
    table = root.table("cards", optional=not needed)
    if table is None:
        return ""
    link = table.text("link")
    if link and (not link.startswith("https://") or link.count(PAGE_PLACE) != 1):
        table.fault("link", "must begin with https:// and hold {page} once")
    return link


def _hours(table: Table | None, key: str) -> timedelta:
    hours = None if table is None else table.whole(key)
    return timedelta(hours=hours or 0)


def _minutes(table: Table | None, key: str) -> int:
    minutes = None if table is None else table.whole(key)
    return minutes or 0


def _rate(table: Table | None) -> float:
    rate = None if table is None else table.number("per_second", optional=False)
    if table is not None and rate is not None and rate <= 0:
        table.fault("per_second", "must be above zero")
    return float(rate or 1)


def _clock(table: Table, key: str) -> str:
    text = table.text(key)
    if text and not _CLOCK.fullmatch(text):
        table.fault(key, "must be a time of day such as 08:00")
    return text
