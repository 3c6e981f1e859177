"""Reading the city's messages.toml and checking it, so that no message fails at WeChat for its wording.

Every fault of the file is reported at once, with its key. Sources of the limits: fieldtypes.py, and WeChat's
documentation of subscribe messages (at most five fields, 25 and 50 templates an account).
"""

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path
from string import Formatter
from types import MappingProxyType

from app.domain.programs.definition import Party, ReminderKind
from app.domain.toml_reader import Source, Table
from app.wechat.port import AccountKind
from notifications.wording import fieldtypes, templateids
from notifications.wording.catalog import Catalog, Layout, Message, PointLost, Template, Wording
from notifications.wording.kinds import Audience, Channel, Subject
from notifications.wording.vocabulary import CUSTOMERS_ONLY, OPTIONAL, PAGE_VALUES, VALUES

FILE = "messages.toml"

_MOST_FIELDS = 5
_MOST_TEMPLATES = MappingProxyType({AccountKind.SERVICE: 25, AccountKind.MINI_PROGRAM: 50})
_MOST_LABEL = 10
_MOST_TITLE = 20
_MOST_BODY = 300
_MOST_PAGE = 120
_MOST_URGENCY = 5
_PAGE = re.compile(r"[a-z][a-z0-9_/]*(?:\?[a-z_]+=\{[a-z_]+\}(?:&[a-z_]+=\{[a-z_]+\})*)?")
_REMIND_AFTER = "remind_after"
_SIGNATURE = ("manager_name", "manager_phone")

# The table of a message in which each channel's fields stand, and the account whose templates it uses.
_CHANNELS = MappingProxyType(
    {
        Channel.SUBSCRIBE: ("subscribe", AccountKind.MINI_PROGRAM),
        Channel.TEMPLATE: ("service", AccountKind.SERVICE),
    }
)


def load(folder: Path, ids: Path | None) -> Catalog:
    """The catalogue of the city in `folder`, with the template ids of this installation.

    :param ids: the file with the ids WeChat gave this installation's templates; None takes the simulator's.
    :raises ConfigError: with every fault: fields that don't fit their template, unknown placeholders,
        texts WeChat would refuse, a customer message without the manager's name and phone.
    """
    source = Source(folder / FILE)
    templates = _templates(source)
    messages = {kind: _message(kind, table, templates) for kind, table in _named(source.root, "messages")}
    _check_variants(source, messages)
    catalog = Catalog(
        templates=templates,
        messages=messages,
        wording=_wording(source),
        template_ids=(templateids.simulated(templates) if ids is None else templateids.read(ids, templates)),
    )
    source.finish()
    return catalog


def _named(root: Table, key: str) -> list[tuple[str, Table]]:
    """The tables under `key` by their names."""
    outer = root.table(key)
    if outer is None:
        return []
    tables = [(name, outer.table(name)) for name in outer.names()]
    return [(name, table) for name, table in tables if table is not None]


def _templates(source: Source) -> dict[str, Template]:
    templates = {name: _template(name, table) for name, table in _named(source.root, "templates")}
    for account, most in _MOST_TEMPLATES.items():
        if sum(template.account is account for template in templates.values()) > most:
            source.note("templates", f"the account {account} takes at most {most} templates")
    titles: dict[str, str] = {}
    for name, template in templates.items():
        if template.ask_order is not None and titles.setdefault(template.title, name) != name:
            # wx.requestSubscribeMessage silently leaves out the second of one title.
            source.note(
                f"templates.{name}.title", f"is that of {titles[template.title]}: WeChat asks for one of them"
            )
    return templates


def _template(name: str, table: Table) -> Template:
    account = table.choice("account", AccountKind)
    fields = _texts(table, "fields")
    if len(fields) > _MOST_FIELDS:
        table.fault("fields", f"a template has at most {_MOST_FIELDS} fields")
    for key, label in fields.items():
        if fieldtypes.type_of(key) is None:
            known = ", ".join(fieldtypes.FIELD_TYPES)
            table.fault(
                f"fields.{key}", f"not a field of WeChat that is filled here (a type and a number: {known})"
            )
        _check_short(table, f"fields.{key}", label, _MOST_LABEL)
    asked = table.whole("ask_order", optional=True)
    long_term = table.flag("long_term")
    if long_term and asked is None:
        table.fault("long_term", "only what consent is asked for can be a long-term subscription")
    if asked is not None and account is not AccountKind.MINI_PROGRAM:
        table.fault("ask_order", "consent is asked for templates of the mini-program only")
    return Template(
        key=name,
        account=account,
        title=_short(table, "title", _MOST_TITLE),
        fields=fields,
        ask_order=asked,
        why=table.text("why", optional=asked is None),
        ask_on=table.text("ask_on", optional=True),
        long_term=long_term,
        ask_again=timedelta(days=(table.whole("ask_again_days") or 0) if long_term else 0),
    )


def _message(kind: str, table: Table, templates: Mapping[str, Template]) -> Message:
    audience, about = table.choice("audience", Audience), table.choice("about", Subject)
    body = table.text("body")
    _check_short(table, "body", body, _MOST_BODY)
    _placeholders(table, "body", body, frozenset(VALUES[about]))
    layouts = {}
    for channel, (name, account) in _CHANNELS.items():
        inner = table.table(name, optional=True)
        if inner is not None:
            layouts[channel] = _layout(inner, about, account, templates)
    if audience is Audience.CUSTOMER:
        _check_signed(table, body, layouts)
    else:
        _check_impersonal(table, body, layouts)
        if Channel.SUBSCRIBE in layouts:
            table.fault("subscribe", "staff are told through the service account")
    return Message(
        kind=kind,
        audience=audience,
        about=about,
        title=_short(table, "title", _MOST_TITLE),
        body=body,
        page=_page(table, about),
        layouts=layouts,
        loses_point=_loses_point(table, about),
        variant_of=table.text("variant_of", optional=True),
        includes_tasks=frozenset(table.texts("includes_tasks", optional=True)),
        quiet_stages=frozenset(table.texts("quiet_stages", optional=True)),
        tells_end_of=frozenset(table.texts("tells_end_of", optional=True)),
    )


def _check_variants(source: Source, messages: Mapping[str, Message]) -> None:
    """A variant tells other people of the same thing as a kind of its own."""
    for kind, message in messages.items():
        if not message.variant_of:
            continue
        base = messages.get(message.variant_of)
        if (
            base is None
            or base.variant_of
            or (base.audience, base.about) != (message.audience, message.about)
        ):
            source.note(
                f"messages.{kind}.variant_of",
                f"must be a kind of its own to the same audience and about the same: {message.variant_of!r}",
            )


def _check_signed(table: Table, body: str, layouts: Mapping[Channel, Layout]) -> None:
    """Every customer message carries the manager's name and phone, uncut: in a field of its own."""
    if Channel.SUBSCRIBE not in layouts:
        table.fault("subscribe", "a customer is told by subscribe message too")
    for name in _SIGNATURE:
        value = f"{{{name}}}"
        if value not in body:
            table.fault("body", f"a customer message must carry {value}")
        for channel, layout in layouts.items():
            if value not in layout.fields.values():
                table.fault(
                    f"{_CHANNELS[channel][0]}.fields",
                    f"a customer message must carry {value} in a field of its own",
                )


def _check_impersonal(table: Table, body: str, layouts: Mapping[Channel, Layout]) -> None:
    """What is kept in staff's notices and phones leaves no record of a read: it holds no address in full."""
    texts = {"body": body} | {
        f"{_CHANNELS[channel][0]}.fields.{name}": text
        for channel, layout in layouts.items()
        for name, text in layout.fields.items()
    }
    for name in sorted(CUSTOMERS_ONLY):
        for at, text in texts.items():
            if f"{{{name}}}" in text:
                table.fault(at, f"{{{name}}} is for customers only; staff are told {{visit_area}}")


def _loses_point(table: Table, subject: Subject) -> PointLost:
    if not table.has("loses_point"):
        return PointLost.NEVER
    loses = table.choice("loses_point", PointLost)
    if subject not in _CAN_LOSE.get(loses, Subject):
        of = " or ".join(sorted(_CAN_LOSE[loses]))
        table.fault("loses_point", f"this kind does not speak of a {of}")
    return loses


_OF_CASES = frozenset(Subject) - {Subject.TALK, Subject.DELIVERY}
_VISIT, _TASK = frozenset({Subject.VISIT}), frozenset({Subject.TASK})
# About what a message must be to lose its point so.
_CAN_LOSE: Mapping[PointLost, Collection[Subject]] = {
    PointLost.TASK_CLOSED: _TASK,
    PointLost.TASK_DUE: _TASK,
    PointLost.CASE_ENDED: _OF_CASES,
    PointLost.STAGE_ENDED: {Subject.PROMISE, Subject.DUE},
    PointLost.STOP_ENDED: {Subject.STOP},
    PointLost.STOP_RULED: {Subject.STOP},
    PointLost.QUOTE_CHOSEN: {Subject.CASE},
    PointLost.PAPER_CONFIRMED: {Subject.CASE},
    PointLost.VISIT_DAY: _VISIT,
    PointLost.VISIT_START: _VISIT,
    PointLost.VISIT_END: _VISIT,
    PointLost.VISIT_TIME: _VISIT,
    PointLost.VISIT_OFF: _VISIT,
    PointLost.ARRIVAL: _VISIT,
    PointLost.EXPECTED_ARRIVAL: _VISIT,
    PointLost.DOUBT_RESOLVED: _VISIT,
    PointLost.HOLD_END: _VISIT,
    PointLost.READ: {Subject.TALK},
    PointLost.ANSWERED: {Subject.TALK, Subject.CHASE},
    PointLost.ANSWER_DUE: {Subject.TALK, Subject.CHASE},
    PointLost.NEXT_DAY: {Subject.DELIVERY},
}


def _page(table: Table, subject: Subject) -> str:
    page = table.text("page")
    _check_short(table, "page", page, _MOST_PAGE)
    if page and not _PAGE.fullmatch(page):
        table.fault("page", "must be a page without leading slash, such as pages/case/index?id={case_id}")
    _placeholders(table, "page", page, PAGE_VALUES[subject])
    return page


def _layout(
    table: Table, subject: Subject, account: AccountKind, templates: Mapping[str, Template]
) -> Layout:
    key = table.text("template")
    template = templates.get(key)
    fields = _texts(table, "fields")
    if template is None:
        table.fault("template", f"no template has the key {key!r}")
        return Layout(key, fields)
    if template.account is not account:
        table.fault("template", f"{key!r} is not a template of the account {account}")
    for missing in template.fields.keys() - fields.keys():
        table.fault(f"fields.{missing}", "missing: WeChat wants every field of a template")
    for name, text in fields.items():
        if name not in template.fields:
            table.fault(f"fields.{name}", f"the template {key!r} has no such field")
        else:
            _check_field(table, name, text, subject)
    return Layout(key, fields)


def _check_field(table: Table, name: str, text: str, subject: Subject) -> None:
    """Does what stands in this field suit its type, whatever the values will be?"""
    at = f"fields.{name}"
    kind = fieldtypes.type_of(name)
    used = _placeholders(table, at, text, frozenset(VALUES[subject]))
    if kind is None or used is None:
        return
    if not used:
        if not _fits(name, text):
            table.fault(
                at, f"WeChat would refuse {text!r} here: too long, or not what this type of field takes"
            )
        return
    values = [VALUES[subject][value] for value in used]
    if not kind.free and text != f"{{{used[0]}}}":
        table.fault(at, "a field of this type takes one value and nothing beside it")
    for value, named in zip(used, values, strict=True):
        if named.kind not in kind.takes:
            table.fault(at, f"{{{value}}} is not what this type of field takes")
        elif named.optional and not kind.free:
            table.fault(at, f"{{{value}}} may be absent, and a field of this type can't say so: use a thing")
    if (
        kind.free
        and fieldtypes.length(Formatter().vformat(text, (), dict.fromkeys(used, ""))) > kind.limit // 2
    ):
        table.fault(at, f"leaves less than half of its {kind.limit} characters to the values")


def _fits(name: str, text: str) -> bool:
    """Whether a constant stands in a field of this type as it is."""
    try:
        return fieldtypes.fit(name, text) == text
    except fieldtypes.UnfitValueError:
        return False


def _placeholders(table: Table, key: str, text: str, known: frozenset[str]) -> list[str] | None:
    """The names between braces, in order; None when the text is faulty."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        table.fault(key, f"braces don't match ({error})")
        return None
    names = [name for _, name, _, _ in parts if name is not None]
    bare = all(not layout and conversion is None for _, name, layout, conversion in parts if name is not None)
    unknown = [name for name in names if name not in known]
    for name in unknown:
        table.fault(key, f"unknown placeholder {{{name}}}; known here: {', '.join(sorted(known))}")
    if not bare:
        table.fault(key, "a placeholder is a name between braces and nothing else")
    return names if bare and not unknown else None


def _wording(source: Source) -> Wording:
    table = source.root.table("wording")
    if table is None:
        return Wording({}, {}, {})
    urgency = _worded(table, "urgency", {kind.value for kind in ReminderKind} | {_REMIND_AFTER})
    for key, text in urgency.items():
        # It may stand in a phrase, which takes five Chinese characters.
        if text and not _fits("phrase1", text):
            table.fault(f"urgency.{key}", f"must be at most {_MOST_URGENCY} Chinese characters")
    return Wording(
        advice=_worded(table, "advice", {party.value for party in Party}),
        urgency=urgency,
        absent=_worded(table, "absent", OPTIONAL),
    )


def _worded(table: Table, key: str, wanted: set[str] | frozenset[str]) -> dict[str, str]:
    """The words for each of `wanted`, in the order of the file; all must be there and no other."""
    texts = _texts(table, key)
    for name in sorted(wanted - texts.keys()):
        table.fault(f"{key}.{name}", "missing")
    for name in sorted(texts.keys() - wanted):
        table.fault(f"{key}.{name}", "unknown key")
    return texts


def _texts(table: Table, key: str) -> dict[str, str]:
    inner = table.table(key)
    if inner is None:
        return {}
    texts = {name: inner.text(name) for name in inner.names()}
    for name, text in texts.items():
        if text != fieldtypes.plain(text):
            inner.fault(name, "has control characters, line ends or spaces at its ends or in rows")
    return texts


def _short(table: Table, key: str, most: int) -> str:
    text = table.text(key)
    _check_short(table, key, text, most)
    return text


def _check_short(table: Table, key: str, text: str, most: int) -> None:
    if fieldtypes.length(text) > most:
        table.fault(key, f"is longer than {most} characters")
    if text != fieldtypes.plain(text):
        table.fault(key, "has control characters, line ends or spaces at its ends or in rows")
