"""The single attempts to reach people, as staff read them: when, through what, how it ended, in words."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select

from app.core.db import db
from app.domain.toml_reader import Source
from notifications.channels import registry
from notifications.channels.envelope import OutcomeKind
from notifications.followup import calls, undelivered
from notifications.models import DeliveryAttempt, OutboxMessage

WORDS = Path(__file__).with_name("outcomes.toml")

OUTCOMES = (
    *(kind.value for kind in OutcomeKind if kind not in {OutcomeKind.LATE, OutcomeKind.POSTPONED}),
    calls.READ,
    calls.ASKED,
    calls.NOBODY,
    undelivered.REPLAYED,
)
"""Every way in which an attempt may end; of what was late or postponed nothing was tried or kept."""


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt. `said` is the outcome in words; `errcode` is WeChat's, `errcode_said` what it means."""

    at: datetime
    channel: str
    outcome: str
    said: str
    errcode: int | None
    errcode_said: str | None


def of_case(case_id: str) -> Mapping[str, list[AttemptLine]]:
    """Every attempt at the messages of a case, by the id of the message, in order; no personal data."""
    rows = db.session.execute(
        select(
            DeliveryAttempt.message_id,
            DeliveryAttempt.at,
            DeliveryAttempt.channel,
            DeliveryAttempt.outcome,
            DeliveryAttempt.errcode,
        )
        .join(OutboxMessage, OutboxMessage.id == DeliveryAttempt.message_id)
        .where(OutboxMessage.case_id == case_id)
        .order_by(DeliveryAttempt.id)
    )
    found: dict[str, list[AttemptLine]] = defaultdict(list)
    for row in rows:
        meaning = registry.meaning_of(row.channel, row.errcode)
        line = AttemptLine(row.at, row.channel, row.outcome, words()[row.outcome], row.errcode, meaning)
        found[row.message_id].append(line)
    return found


@cache
def words() -> Mapping[str, str]:
    """Each outcome in words. Raises `ConfigError` when one has none, or a word has no outcome."""
    source = Source(WORDS)
    found = {outcome: source.root.text(outcome) for outcome in OUTCOMES}
    source.finish()
    return found
