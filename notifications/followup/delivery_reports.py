"""What WeChat reports of messages it had accepted: did they arrive?

Sources in WeChat's documentation: 模板消息 / 事件推送 (TEMPLATESENDJOBFINISH) and 订阅消息 / 事件推送
(subscribe_msg_sent_event). A report may come before the sender has written down what it sent, and it may be
all that is ever known of a message whose outcome was unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select

from app.core import clock
from app.core.db import db
from app.wechat import errcodes
from app.wechat.port import FaultKind
from notifications.channels.envelope import Outcome, OutcomeKind
from notifications.dispatch import outcome_policy, record_outcomes, row_mapping
from notifications.models import DeliveryState, OutboxMessage
from notifications.wording.kinds import Channel

_SUCCESS = "success"
_BLOCKED_BY_USER = "user block"


class Matched(StrEnum):
    """Whether a report belongs to a message of ours."""

    SETTLED = "settled"
    TOO_EARLY = "too_early"
    """A message to this person is just being sent: look again when that is written down."""
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class Report:
    """One report: to whom, which message of WeChat's, and what became of it."""

    channel: Channel
    openid: str = field(repr=False)
    msgid: str
    state: DeliveryState
    errcode: int | None = None
    template_key: str | None = None


def template_report(openid: str, msgid: str, status: str) -> Report:
    """What TEMPLATESENDJOBFINISH says: `success`, `failed:user block` or `failed: system failed`."""
    if status == _SUCCESS:
        state = DeliveryState.DELIVERED
    elif _BLOCKED_BY_USER in status:
        state = DeliveryState.REFUSED
    else:
        state = DeliveryState.FAILED
    return Report(Channel.TEMPLATE, openid, msgid, state)


def subscribe_report(openid: str, msgid: str, errcode: int, template_key: str | None) -> Report:
    """What subscribe_msg_sent_event says; errcode 0 is success."""
    if errcode == 0:
        state = DeliveryState.DELIVERED
    elif errcodes.kind_of(errcode) is FaultKind.RECIPIENT:
        state = DeliveryState.REFUSED
    else:
        state = DeliveryState.FAILED
    return Report(Channel.SUBSCRIBE, openid, msgid, state, errcode or None, template_key)


def apply_report(report: Report) -> Matched:
    """Write a report down at its message, in the caller's transaction. Reported twice, it stays as it is.

    What did not arrive after all goes on by the next channel; that is an attempt like any other.
    """
    by_number = (OutboxMessage.msgid == report.msgid, OutboxMessage.channel == report.channel)
    found = _rows(*by_number)
    if found:
        for row in found:
            if row.state == DeliveryState.ACCEPTED:
                _write(report, row)
        return Matched.SETTLED
    same_person: list[ColumnElement[bool]] = [
        OutboxMessage.openid == report.openid,
        OutboxMessage.channel == report.channel,
    ]
    if report.template_key is not None:
        same_person.append(OutboxMessage.template_key == report.template_key)
    under_way = or_(
        OutboxMessage.state == DeliveryState.SENDING,
        (OutboxMessage.state == DeliveryState.WAITING) & OutboxMessage.unknown_since.is_not(None),
    )
    if _rows(*same_person, under_way):
        return Matched.TOO_EARLY
    lost = _rows(*same_person, OutboxMessage.state == DeliveryState.UNKNOWN)
    if len(lost) != 1:
        # With several of unknown outcome nobody can tell which of them this is.
        return Matched.UNMATCHED
    _write(report, lost[0])
    return Matched.SETTLED


def _rows(*conditions: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """The messages of which this is true, held until the transaction ends."""
    return db.session.execute(select(*row_mapping.COLUMNS).where(*conditions).with_for_update()).all()


def _write(report: Report, row: Row[Any]) -> None:
    message = row_mapping.envelope(row, row.attempts, clock.now())
    outcome = Outcome(OutcomeKind.REPORTED, clock.now(), report.errcode, report.msgid)
    if report.state is DeliveryState.DELIVERED:
        # Sending it is the attempt; this is how that one ended.
        record_outcomes.record_arrival(message.id, outcome)
        return
    refused = report.state is DeliveryState.REFUSED
    record_outcomes.record_attempts(
        [(message, outcome, outcome_policy.resolve_reported(message, outcome, refused=refused))], owner=None
    )
