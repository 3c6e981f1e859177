"""Putting aside, when it is claimed, what must not be sent any more, or not this way now."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, tuple_

from app.core.db import db
from app.services.event_views import cases, lost_points
from app.services.people import recipients
from notifications.channels.envelope import Outcome, OutcomeKind
from notifications.dispatch import (
    day_limits,
    member_limits,
    outcome_policy,
    quiet_hours,
    record_outcomes,
    row_mapping,
)
from notifications.dispatch.retry import Chance
from notifications.models import SubscribeConsent
from notifications.outbox import consents, delivery_rules, disabled_templates
from notifications.outbox.delivery_rules import FIRST
from notifications.wording import catalog
from notifications.wording.catalog import PointLost
from notifications.wording.kinds import Channel

POINTLESS = frozenset({OutcomeKind.OVER, OutcomeKind.TASK_CLOSED, OutcomeKind.LEFT})
WITHHELD = frozenset({OutcomeKind.HELD, OutcomeKind.NO_CONSENT, OutcomeKind.POSTPONED, OutcomeKind.GATHERED})


def put_aside(rows: Sequence[Row[Any]], now: datetime, chance: Chance) -> dict[str, OutcomeKind]:
    """Settle what must not be sent, or not this way now; why, by the message's id."""
    if not rows:
        return {}
    found = pointless(rows, now)
    found |= {
        row.id: OutcomeKind.GIVEN_UP
        for row in rows
        if row.unknown_since is not None
        and now - row.unknown_since >= outcome_policy.repeat_window(Channel(row.channel))
        and row.id not in found
    }
    stopped = disabled_templates.disabled_keys()
    found |= {row.id: OutcomeKind.HELD for row in rows if row.template_key in stopped and row.id not in found}
    later = {
        row.id: morning
        for row in rows
        if row.id not in found
        and (morning := quiet_hours.until(row.kind, row.channel, row.created_at, now)) > now
    }
    found |= dict.fromkeys(later, OutcomeKind.POSTPONED)
    # Last, since consents and what one person may get are counted down for what is left.
    left = [row for row in rows if row.id not in found]
    found |= {row.id: OutcomeKind.NO_CONSENT for row in _without_consent(left)}
    left = [row for row in left if row.id not in found]
    found |= dict.fromkeys(day_limits.beyond(left, now), OutcomeKind.GATHERED)
    crowded = member_limits.postponed([row for row in left if row.id not in found], now)
    found |= dict.fromkeys(crowded, OutcomeKind.POSTPONED)
    later |= crowded
    settled = []
    for row in rows:
        if row.id in found:
            outcome = Outcome(found[row.id], later.get(row.id, now))
            # The attempt that is not made: what was counted before stays.
            message = row_mapping.envelope(row, row.attempts + (outcome.kind in WITHHELD), now)
            settled.append((message, outcome, outcome_policy.resolve(message, outcome, chance)))
    record_outcomes.record_attempts(settled, owner=None)
    return found


def pointless(rows: Sequence[Any], now: datetime) -> dict[str, OutcomeKind]:
    """Which of these messages have lost their point before they could be sent, and how, by their ids."""
    messages = catalog.current().messages
    asked: dict[PointLost, dict[str, list[str]]] = {}
    for row in rows:
        # A kind that the city has given up since has no rule, and stops nobody else's message.
        if row.kind not in messages:
            continue
        loses = messages[row.kind].loses_point
        subject = _SUBJECT[loses](row) if loses in _LOST else None
        if subject is not None:
            asked.setdefault(loses, {}).setdefault(subject, []).append(row.id)
    found = {
        message_id: OutcomeKind.TASK_CLOSED if loses in _OF_TASKS else OutcomeKind.OVER
        for loses, by_subject in asked.items()
        for subject in _LOST[loses](by_subject.keys())
        for message_id in by_subject[subject]
    }
    left = recipients.who_left({row.recipient_id for row in rows})
    found |= {row.id: OutcomeKind.LEFT for row in rows if row.recipient_id in left}
    return found | {
        row.id: OutcomeKind.OVER for row in rows if row.expires_at is not None and row.expires_at <= now
    }


def _closed_tasks(task_ids: Collection[str]) -> set[str]:
    return set(task_ids) - cases.open_tasks(set(task_ids))


_OF_TASKS = frozenset({PointLost.TASK_CLOSED, PointLost.TASK_DUE})
# By what happens to its subject a message loses its point: the subjects, of these, to which it happened.
_LOST: Mapping[PointLost, Callable[[Collection[str]], set[str]]] = {
    PointLost.TASK_CLOSED: _closed_tasks,
    PointLost.TASK_DUE: _closed_tasks,
    PointLost.CASE_ENDED: lost_points.ended_cases,
    PointLost.STAGE_ENDED: lost_points.stages_left,
    PointLost.STOP_ENDED: lost_points.ended_stops,
    PointLost.STOP_RULED: lost_points.ruled_stops,
    PointLost.QUOTE_CHOSEN: lost_points.chosen_quotes,
    PointLost.PAPER_CONFIRMED: lost_points.confirmed_papers,
    PointLost.VISIT_DAY: lost_points.visits_off,
    PointLost.VISIT_START: lost_points.visits_off,
    PointLost.VISIT_END: lost_points.visits_off,
    PointLost.VISIT_OFF: lost_points.visits_off,
    PointLost.ARRIVAL: lost_points.visits_arrived,
    PointLost.EXPECTED_ARRIVAL: lost_points.visits_arrived,
    PointLost.DOUBT_RESOLVED: lost_points.visits_settled,
    PointLost.HOLD_END: lost_points.offers_over,
    PointLost.READ: lost_points.read_messages,
    PointLost.ANSWERED: lost_points.answered,
    PointLost.ANSWER_DUE: lost_points.answered,
}
_SUBJECT: Mapping[PointLost, Callable[[Any], str | None]] = {
    **dict.fromkeys(_LOST, lambda row: row.subject_id),
    **dict.fromkeys(_OF_TASKS, lambda row: row.task_id),
    PointLost.CASE_ENDED: lambda row: row.case_id,
}


def _without_consent(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Subscribe messages for which no consent is left; the last one is kept for the most important.

    Consents are counted down here for each message of the batch, in its order: the most important first.
    """
    asking = [row for row in rows if row.channel == Channel.SUBSCRIBE]
    if not asking:
        return []
    left = _consents({(row.openid, row.template_key) for row in asking})
    highest = _highest_importance()
    turned = []
    for row in asking:
        key = (row.openid, row.template_key)
        lasting = consents.is_long_term(row.template_key)
        kept = 0 if lasting or row.importance <= highest.get(row.template_key, FIRST) else 1
        if left.get(key, 0) > kept:
            left[key] -= not lasting
        else:
            turned.append(row)
    return turned


def _highest_importance() -> dict[str, int]:
    """By template, how important the most important kind of message is that it carries."""
    found: dict[str, int] = {}
    for kind, message in catalog.current().messages.items():
        layout = message.layouts.get(Channel.SUBSCRIBE)
        if layout is not None:
            importance = delivery_rules.current().importance_of(kind)
            found[layout.template_key] = min(importance, found.get(layout.template_key, importance))
    return found


def _consents(keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    rows = db.session.connection().execute(_CONSENTS, {"keys": sorted(keys)})
    return {(row.openid, row.template_key): row.remaining for row in rows}


_CONSENTS = select(SubscribeConsent.openid, SubscribeConsent.template_key, SubscribeConsent.remaining).where(
    tuple_(SubscribeConsent.openid, SubscribeConsent.template_key).in_(bindparam("keys", expanding=True))
)
