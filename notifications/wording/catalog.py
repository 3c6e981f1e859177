"""The words of every message, as data: WeChat's templates, and what each kind of message puts into them.

One catalogue is in use in a process; the composition root installs it. `catalogfile` reads and checks it.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from app.wechat.port import AccountKind
from notifications.wording import fieldtypes
from notifications.wording.kinds import Audience, Channel, Subject

_log = logging.getLogger(__name__)


class PointLost(StrEnum):
    """When a message that has not been sent yet is dropped instead.

    Some have an instant after which they are of no use (`handlers/expiry.py`), most also lose their point by
    what happens to their subject (`dispatch/skip_rules.py`).
    """

    NEVER = "never"
    TASK_CLOSED = "task_closed"
    """Its task is done: to be reminded of it would only puzzle."""
    TASK_DUE = "task_due"
    """Its task is done, or its due date has passed, of which another message tells."""
    CASE_ENDED = "case_ended"
    STAGE_ENDED = "stage_ended"
    STOP_ENDED = "stop_ended"
    STOP_RULED = "stop_ruled"
    """The objection has been decided."""
    QUOTE_CHOSEN = "quote_chosen"
    PAPER_CONFIRMED = "paper_confirmed"
    VISIT_DAY = "visit_day"
    """The day of the visit begins, or it is off: it speaks of tomorrow."""
    VISIT_START = "visit_start"
    """The visit begins, or is off."""
    VISIT_END = "visit_end"
    """The visit ends, or is off."""
    VISIT_TIME = "visit_time"
    """The time at which it would have ended: it speaks of a visit that is off."""
    VISIT_OFF = "visit_off"
    """The visit is over, moved or cancelled."""
    ARRIVAL = "arrival"
    """Somebody came, or the visit is off."""
    EXPECTED_ARRIVAL = "expected_arrival"
    """The announced time has come, somebody came, or the visit is off."""
    DOUBT_RESOLVED = "doubt_resolved"
    """The visit can take place after all, or is off."""
    HOLD_END = "hold_end"
    """The time is no longer held."""
    READ = "read"
    ANSWERED = "answered"
    """The conversation, chase or complaint was answered."""
    ANSWER_DUE = "answer_due"
    """It was answered, or the answer is overdue, of which another message tells."""
    NEXT_DAY = "next_day"
    """The next day begins, which has a message of its own."""


@dataclass(frozen=True, slots=True)
class Template:
    """A message template as it is applied for at WeChat; `fields` maps field keys to labels on the phone.

    `ask_order` ranks the templates for which a customer's consent is asked (lowest first, None: never
    asked), and `why` is the sentence shown to the customer then. `ask_on` names the only page on which it is
    asked for ("" for every page): who has booked nothing need not spend a place on visits.
    """

    key: str
    account: AccountKind
    title: str
    fields: Mapping[str, str]
    ask_order: int | None
    why: str
    ask_on: str = ""
    long_term: bool = False
    """Whether one consent lasts (长期订阅): it is not used up, and never asked for beside one-time ones."""
    ask_again: timedelta = timedelta()
    """How long whoever declined a long-term template is left in peace."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a kind of message puts into the fields of one template: texts with {named values}."""

    template_key: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of message. `title` and `body` are the notice in the app, `page` what a tap opens.

    `about` decides which values its texts may name.
    """

    kind: str
    audience: Audience
    about: Subject
    title: str
    body: str
    page: str
    layouts: Mapping[Channel, Layout]
    loses_point: PointLost
    variant_of: str
    """The kind whose event this one tells to other people, in other words; "" for a kind of its own."""
    includes_tasks: frozenset[str]
    """Tasks that this message tells of by itself; their own opening is not told to the same person."""
    quiet_stages: frozenset[str]
    """Stages whose end is not told: another message tells it, or it is the utility's own affair."""
    tells_end_of: frozenset[str]
    """Stages whose end this message tells in the place of the usual one."""

    @property
    def shown_kind(self) -> str:
        """The kind of the notice in the app: whoever is told of one event reads of the same kind."""
        return self.variant_of or self.kind


@dataclass(frozen=True, slots=True)
class Wording:
    """Words for coded values: what the customer can do (by party), why one is reminded, what is absent."""

    advice: Mapping[str, str]
    urgency: Mapping[str, str]
    absent: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Filled:
    """The fields of one template, filled for one person."""

    template_key: str
    data: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message for one person: the notice, and what each channel would carry. Holds personal data."""

    title: str
    body: str = field(repr=False)
    page: str
    filled: Mapping[Channel, Filled]


def _filled(kind: str, layout: Layout, values: Mapping[str, str]) -> Filled | None:
    """The fields of a template; None when one of them can't say its value."""
    try:
        data = {key: fieldtypes.fit(key, text.format_map(values)) for key, text in layout.fields.items()}
    except fieldtypes.UnfitValueError as unfit:
        # The field's key alone: what it was to say may be personal.
        _log.error(
            "a value does not fit into its field: choose another type for it",
            extra={"kind": kind, "template": layout.template_key, "field": str(unfit)},
        )
        return None
    return Filled(layout.template_key, data)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that is sent, with the ids that WeChat knows the templates by."""

    templates: Mapping[str, Template]
    messages: Mapping[str, Message]
    wording: Wording
    template_ids: Mapping[str, str]

    def render(self, kind: str, values: Mapping[str, str], ids: Mapping[str, str]) -> Rendered:
        """The words of one message. Each value is put on one line; template fields are fitted to their type.

        A template that would have to show another value is left out, so that the next channel is taken.
        `values` are those of the kind's subject (vocabulary.VALUES), `ids` those its page may name. Raises
        `KeyError` when one is missing.
        """
        message = self.messages[kind]
        plain = {name: fieldtypes.plain(value) for name, value in values.items()}
        return Rendered(
            title=message.title,
            body=message.body.format_map(plain),
            page=message.page.format_map(ids),
            filled={
                channel: filled
                for channel, layout in message.layouts.items()
                if (filled := _filled(kind, layout, plain)) is not None
            },
        )

    def declared(self) -> list[dict[str, object]]:
        """The templates as an account's console lists them; the simulator is told of them in this form."""
        return [
            {
                "account": template.account.value,
                "template_id": self.template_ids[key],
                "title": template.title,
                "fields": dict(template.fields),
                "long_term": template.long_term,
            }
            for key, template in self.templates.items()
        ]

    def template_of(self, template_id: str) -> Template | None:
        """The template that WeChat knows by this id, or None for one of somebody else."""
        for key, known in self.template_ids.items():
            if known == template_id:
                return self.templates[key]
        return None


class NoCatalogError(RuntimeError):
    """A message was to be written before `install` gave the catalogue."""


class _Installed:
    catalog: Catalog | None = None


def install(catalog: Catalog) -> None:
    """Let every message of this process be worded by `catalog`."""
    _Installed.catalog = catalog


def current() -> Catalog:
    """The catalogue in use. Raises `NoCatalogError` before `install`."""
    if _Installed.catalog is None:
        raise NoCatalogError
    return _Installed.catalog
