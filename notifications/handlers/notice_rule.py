"""What a line of the table is, and the handler that the lines of one event make."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from app.core import clock
from app.services.event_views.cases import CaseView
from app.services.people.recipients import CustomerRecipient
from notifications.handlers import expiry
from notifications.outbox import delivery_rules
from notifications.outbox.delivery_rules import URGENCIES
from notifications.outbox.outbox import NewNotice, Recipient, enqueue
from notifications.wording import catalog
from notifications.wording.kinds import Audience, Subject


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the subject of an event.

    `brief` is the subject itself as a service describes it, `values` are those that its messages may name.
    `key` names the event among all of its kind: the same person is told of the same key once. Of a general
    enquiry, which has no case, `case_id` is the conversation's own id. `subject_id` is what has to be looked
    at to see whether a message has lost its point: a visit, a stop, a chase; None for a task or the case.
    Staff have to hear of it by `needed_by`.
    """

    brief: Any
    case_id: str
    key: str
    values: Mapping[str, str] = field(repr=False)
    case: CaseView | None = None
    customer: CustomerRecipient | None = None
    task_id: str | None = None
    visit_id: str | None = None
    subject_id: str | None = None
    needed_by: datetime | None = None
    notice_id: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A subject, and how what is known of it is read for an event."""

    subject: Subject
    read: Callable[[Any], Facts]


class Context:
    """An event with the facts of its subject, which are read when a line first needs them."""

    def __init__(self, event: Any, view: View) -> None:
        self.event = event
        self._view = view

    @cached_property
    def facts(self) -> Facts:
        """What is known of the subject."""
        return self._view.read(self.event)

    @property
    def brief(self) -> Any:
        """The subject as a service describes it."""
        return self.facts.brief

    @property
    def case(self) -> CaseView:
        """The case. Raises `LookupError` when the subject has none."""
        if self.facts.case is None:
            raise LookupError(self._view.subject)
        return self.facts.case


Condition = Callable[[Context], bool]
Key = Callable[[Context], str]


@dataclass(frozen=True, slots=True)
class To:
    """Who is told: all of them customers, or all of them staff."""

    audience: Audience
    find: Callable[[Context], Sequence[Recipient]]


def always(_context: Context) -> bool:
    """The condition of a line that has none."""
    return True


def key_of_subject(context: Context) -> str:
    """The key that the view gives."""
    return context.facts.key


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """One line of the table: `event` tells `to` of `about`, in the words of `kind` (messages.toml).

    `when` leaves out events that are not told; `key` is given where another one than the subject's tells
    two events apart.
    """

    event: type
    kind: str
    about: View
    to: To
    when: Condition = always
    key: Key = key_of_subject

    def recipients(self, context: Context) -> Sequence[Recipient]:
        """Who is told by this line of what happened; nobody when its condition does not hold."""
        return self.to.find(context) if self.when(context) else ()

    def apply(self, context: Context, recipients: Sequence[Recipient]) -> None:
        """Write the notices of this line, in the publisher's transaction."""
        facts = context.facts
        until = expiry.expires_at(
            catalog.current().messages[self.kind].loses_point, context.event, facts.brief
        )
        if until is not None and until <= clock.now():
            # The jobs come too late to say it: nobody is told on the day itself that a visit is tomorrow.
            return
        notice = NewNotice(
            kind=self.kind,
            event_key=self.key(context),
            case_id=facts.case_id,
            values=facts.values,
            task_id=facts.task_id,
            visit_id=facts.visit_id,
            subject_id=facts.subject_id or facts.visit_id,
            expires_at=until,
            needed_by=facts.needed_by,
            id=facts.notice_id,
        )
        enqueue(notice, recipients)


@dataclass(frozen=True, slots=True)
class Handler:
    """The lines of one event, in the order of the table. Two handlers of the same lines are equal."""

    rules: tuple[NoticeRule, ...]

    def __call__(self, event: object) -> None:
        """Apply every line. What several of them are about is read once.

        One event tells a member of staff once: by the most urgent of the lines that would tell them.
        """
        contexts = {rule.about: Context(event, rule.about) for rule in self.rules}
        people = [rule.recipients(contexts[rule.about]) for rule in self.rules]
        if len(self.rules) > 1:
            people = _each_once(self.rules, people)
        for rule, recipients in zip(self.rules, people, strict=True):
            if recipients:
                rule.apply(contexts[rule.about], recipients)


def _each_once(
    rules: Sequence[NoticeRule], people: Sequence[Sequence[Recipient]]
) -> list[Sequence[Recipient]]:
    """Without the members of staff whom a more urgent line of the same event tells, or an earlier one."""
    urgency = delivery_rules.current().urgency
    by_urgency = sorted(
        (place for place, rule in enumerate(rules) if rule.to.audience is Audience.STAFF),
        key=lambda place: URGENCIES.index(urgency[rules[place].kind]),
    )
    left, told = list(people), set[str]()
    for place in by_urgency:
        left[place] = [person for person in people[place] if person.id not in told]
        told |= {person.id for person in people[place]}
    return left


def handlers(rules: Iterable[NoticeRule]) -> dict[type, Handler]:
    """The handler of each event."""
    by_event: dict[type, tuple[NoticeRule, ...]] = {}
    for rule in rules:
        by_event[rule.event] = (*by_event.get(rule.event, ()), rule)
    return {event: Handler(of_event) for event, of_event in by_event.items()}
