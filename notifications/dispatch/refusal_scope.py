"""What a refusal is about: this person, this text, or the whole account?

Some refusals say “the account” and are seen for one frozen person or one text as well (50002, HTTP 403 and
412). Whether others are accepted at the same time tells which. No channel is closed for what one person or
one case alone can explain.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from app.core.db import db
from notifications.channels.envelope import Envelope, Outcome, OutcomeKind
from notifications.models import DeliveryAttempt, OutboxMessage
from notifications.wording.kinds import Channel

RECENT = timedelta(minutes=10)
"""How long an accepted message shows that the account is not refused."""

NEWEST = 500
"""So many of the newest attempts are looked at."""

Attempted = tuple[Envelope, Outcome]

_REFUSALS = frozenset({OutcomeKind.UNCLEAR, OutcomeKind.TOKEN})
_SENT = (
    OutcomeKind.ACCEPTED,
    OutcomeKind.TRANSIENT,
    OutcomeKind.QUOTA,
    OutcomeKind.TOKEN,
    OutcomeKind.RECIPIENT,
    OutcomeKind.TEMPLATE,
    OutcomeKind.CONTENT,
    OutcomeKind.OWN_CONTENT,
    OutcomeKind.UNCLEAR,
    OutcomeKind.REFUSED_ALONE,
    OutcomeKind.ACCOUNT_REFUSED,
    OutcomeKind.CONFIGURATION,
    OutcomeKind.UNKNOWN,
)
_REMEMBERED = frozenset({*_REFUSALS, OutcomeKind.REFUSED_ALONE, OutcomeKind.ACCOUNT_REFUSED})


@dataclass(slots=True)
class Affected:
    """Whom and which cases something happened to."""

    people: set[str] = field(default_factory=set)
    cases: set[str] = field(default_factory=set)

    def add(self, person: str, case: str) -> None:
        """It happened to one more message."""
        self.people.add(person)
        self.cases.add(case)

    @property
    def is_wide(self) -> bool:
        """Whether no one person and no one case explains it."""
        return len(self.people) > 1 and len(self.cases) > 1


def judge(attempted: Sequence[Attempted], now: datetime) -> list[Attempted]:
    """These attempts, with every unclear refusal judged by what became of others; in a transaction.

    Call before they are recorded. A refusal is the person's own when more are accepted in the same round, or
    when somebody was just before and nobody else has been refused since. It is the account's when people of
    several cases are refused and nobody is accepted. Otherwise it stays unclear, and its message is tried
    again. An access token that is refused is never a person's own.
    """
    asking = {message.route.channel for message, outcome in attempted if outcome.kind in _REFUSALS}
    if not asking:
        return list(attempted)
    kinds = {channel: _kinds(channel, attempted, now) for channel in asking}
    return [
        (message, replace(outcome, kind=kinds.get(message.route.channel, {}).get(outcome.kind, outcome.kind)))
        for message, outcome in attempted
    ]


def affected(channel: Channel, outcomes: Collection[OutcomeKind], now: datetime) -> Affected:
    """Who met one of these since the last attempt on the channel that ended otherwise."""
    found = Affected()
    for kind, person, case in _newest(channel, now):
        if kind not in outcomes:
            break
        found.add(person, case)
    return found


def _kinds(channel: Channel, attempted: Sequence[Attempted], now: datetime) -> dict[OutcomeKind, OutcomeKind]:
    """What the refusals of this round on this channel turn out to be."""
    mine = [(message, outcome) for message, outcome in attempted if message.route.channel is channel]
    accepted = {message.recipient_id for message, outcome in mine if outcome.kind is OutcomeKind.ACCEPTED}
    refused = Affected()
    for message, outcome in mine:
        if outcome.kind in _REFUSALS:
            refused.add(message.recipient_id, message.case_id)
    if accepted:
        alone = len(accepted) >= len(refused.people)
        return {OutcomeKind.UNCLEAR: OutcomeKind.REFUSED_ALONE} if alone else {}
    before, accepted_before = _before(channel, now)
    if accepted_before and len(refused.people | before.people) == 1:
        return {OutcomeKind.UNCLEAR: OutcomeKind.REFUSED_ALONE}
    refused.people |= before.people
    refused.cases |= before.cases
    if not refused.is_wide:
        return {}
    return {
        OutcomeKind.UNCLEAR: OutcomeKind.ACCOUNT_REFUSED,
        OutcomeKind.TOKEN: OutcomeKind.CONFIGURATION,
    }


def _before(channel: Channel, now: datetime) -> tuple[Affected, bool]:
    """Who was refused on the channel since the last accepted message, and whether there was one lately."""
    found = Affected()
    for kind, person, case in _newest(channel, now):
        if kind is OutcomeKind.ACCEPTED:
            return found, True
        if kind in _REMEMBERED:
            found.add(person, case)
    return found, False


def _newest(channel: Channel, now: datetime) -> list[tuple[OutcomeKind, str, str]]:
    """The newest sends on a channel, the last first: how each ended, the person and the case."""
    newest = (
        select(
            DeliveryAttempt.id,
            DeliveryAttempt.message_id,
            DeliveryAttempt.channel,
            DeliveryAttempt.outcome,
            DeliveryAttempt.at,
        )
        .order_by(DeliveryAttempt.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    rows = db.session.execute(
        select(newest.c.outcome, OutboxMessage.recipient_id, OutboxMessage.case_id)
        .join(OutboxMessage, OutboxMessage.id == newest.c.message_id)
        .where(newest.c.channel == channel, newest.c.at > now - RECENT, newest.c.outcome.in_(_SENT))
        .order_by(newest.c.id.desc())
    )
    return [(OutcomeKind(outcome), person, case) for outcome, person, case in rows]
