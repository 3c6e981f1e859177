"""Circuit breakers of the channels: closed while WeChat is down, then opened slowly for the backlog.

All processes share them in the database; a channel that never had trouble has no row and costs one look at an
empty table. While a channel is closed, waiting messages use up no attempts. When its time is over, one worker
sends a few probes. If they succeed, the backlog is released at the city's rate, most important first; if not,
the channel stays closed, longer each time.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import exists, select

from app.core.db import db
from app.core.queue import Work
from app.core.upsert import insert_or_ignore
from notifications.channels.envelope import Outcome, OutcomeKind
from notifications.dispatch import refusal_scope, retry
from notifications.dispatch.retry import Chance
from notifications.models import ChannelGate
from notifications.outbox import delivery_rules
from notifications.wording.kinds import Channel

FAULTS_TO_CLOSE = 20
"""A channel closes after so many consecutive sends without an answer or with "busy", to several people about
several cases: one person or one text closes nothing.
"""

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
MISCONFIGURED_PAUSE = timedelta(minutes=15)
"""How long a channel stays closed whose account is refused: the fix may come without notice."""

PROBES = 3
"""The number of probes of a closed channel."""
PROBE_LEASE = timedelta(minutes=2)

SAVED_SECONDS = 5
"""A draining channel may save up its allowance for so many seconds."""

DRAINING = Work("messages.draining", exists(select(ChannelGate.channel).where(ChannelGate.draining)))
"""While a channel releases its backlog, the jobs look at it until it has caught up."""

_BUSY = -1
_FAULTS = frozenset({OutcomeKind.TRANSIENT, OutcomeKind.UNKNOWN})
_REFUSED = frozenset({OutcomeKind.CONFIGURATION, OutcomeKind.ACCOUNT_REFUSED})
_CLOSING = _REFUSED | {OutcomeKind.QUOTA}
_SAYS_NOTHING = frozenset({OutcomeKind.LATE, OutcomeKind.UNCLEAR, OutcomeKind.TOKEN})
"""Not sent, or refused without saying whether for everybody: it neither closes a channel nor opens it."""
_log = logging.getLogger(__name__)


class Reason(StrEnum):
    """Why a channel is closed."""

    OUTAGE = "outage"
    QUOTA = "quota"
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many messages one claim may take for a channel, and whether they are counted."""

    most: int
    counted: bool = False


def allowances(channels: Sequence[Channel], most: int, now: datetime) -> dict[Channel, Allowance]:
    """How many messages one claim may take for each channel, up to `most`; closed channels are left out.

    In the caller's transaction: the row of a channel that is probed or drained is locked until its end. A
    channel whose row another worker has locked is left out: this transaction may already hold a row that
    the other one waits for.
    """
    troubled = _known(channels)
    found = {channel: Allowance(most) for channel in channels if channel not in troubled}
    if troubled:
        for channel, gate in _rows(sorted(troubled), wait=False).items():
            allowance = _allowance(gate, most, now)
            if allowance.most:
                found[channel] = allowance
    return found


def use_allowances(counts: Mapping[Channel, int], given: Mapping[Channel, Allowance], now: datetime) -> None:
    """Records how many messages were claimed; a draining channel with nothing left has caught up."""
    counted = [channel for channel, allowance in given.items() if allowance.counted]
    for channel, gate in _rows(counted).items():
        used = counts.get(channel, 0)
        if gate.reason is not None:
            # No message is left to probe with: the next one may.
            gate.probing_until = gate.probing_until if used else None
            continue
        gate.allowance -= used
        gate.allowance_at = now
        if used < given[channel].most:
            gate.draining = False
            _log.info("a channel has caught up", extra={"channel": gate.channel})


def record_outcomes(outcomes: Sequence[tuple[Channel, Outcome]], chance: Chance, now: datetime) -> None:
    """Opens or closes channels by the outcomes of sends, in the caller's transaction."""
    by_channel: dict[Channel, list[Outcome]] = {}
    for channel, outcome in outcomes:
        by_channel.setdefault(channel, []).append(outcome)
    known = _known(sorted(by_channel))
    for channel, seen in sorted(by_channel.items()):
        verdict = _verdict(seen)
        if channel in known or verdict.troubled:
            _apply(_locked(channel, now), verdict, chance, now)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a round of sends says of a channel: it answers, so many faults, or it must close."""

    answers: bool
    faults: int
    quota: bool
    refused: bool

    @property
    def troubled(self) -> bool:
        return self.quota or self.refused or (self.faults > 0 and not self.answers)


def _verdict(seen: Sequence[Outcome]) -> _Verdict:
    sent = [outcome for outcome in seen if outcome.kind not in _SAYS_NOTHING]
    faults = sum(outcome.kind in _FAULTS and outcome.errcode in (None, _BUSY) for outcome in sent)
    kinds = {outcome.kind for outcome in sent}
    return _Verdict(
        answers=faults < len(sent) and not kinds & _CLOSING,
        faults=faults,
        quota=OutcomeKind.QUOTA in kinds,
        refused=not kinds.isdisjoint(_REFUSED),
    )


def _apply(gate: ChannelGate, verdict: _Verdict, chance: Chance, now: datetime) -> None:
    if verdict.quota:
        _close(gate, Reason.QUOTA, retry.tomorrow(now, chance))
    elif verdict.refused:
        _close(gate, Reason.CONFIGURATION, now + MISCONFIGURED_PAUSE)
    elif verdict.answers:
        _open(gate, now)
    elif gate.closed_until is None or gate.closed_until <= now:
        # What was still under way when the channel closed says nothing new.
        gate.faults += verdict.faults
        if verdict.faults and (gate.reason is not None or _is_outage(gate, now)):
            pause = min(FIRST_PAUSE * 2 ** min(gate.closings, 10), LONGEST_PAUSE)
            _close(gate, Reason.OUTAGE, now + pause)


def _is_outage(gate: ChannelGate, now: datetime) -> bool:
    """Whether so many faults in a row are explained by no one person and no one case."""
    return (
        gate.faults >= FAULTS_TO_CLOSE and refusal_scope.affected(Channel(gate.channel), _FAULTS, now).is_wide
    )


def _close(gate: ChannelGate, reason: Reason, until: datetime) -> None:
    if gate.reason != reason:
        _log.error("a channel is closed", extra={"channel": gate.channel, "reason": reason.value})
    gate.reason, gate.closed_until = reason, until
    gate.probing_until, gate.closings = None, gate.closings + 1


def _open(gate: ChannelGate, now: datetime) -> None:
    gate.faults = 0
    if gate.reason is None or (gate.closed_until is not None and gate.closed_until > now):
        # Open already; or closed by a fault while this answer was under way.
        return
    _log.info("a channel is open again", extra={"channel": gate.channel, "reason": gate.reason})
    # WeChat is not short of breath after it refused an account: the first second's worth goes at once.
    rested = gate.reason == Reason.CONFIGURATION
    gate.reason = gate.closed_until = gate.probing_until = None
    gate.closings = 0
    rate = delivery_rules.current().drain_per_second if rested else 0.0
    gate.draining, gate.allowance, gate.allowance_at = True, rate, now


def _allowance(gate: ChannelGate, most: int, now: datetime) -> Allowance:
    """The allowance of a channel that has a row; marks a probe, and accumulates the allowance."""
    if gate.reason is not None:
        waits = gate.closed_until is not None and gate.closed_until > now
        if waits or (gate.probing_until is not None and gate.probing_until > now):
            return Allowance(0)
        gate.probing_until = now + PROBE_LEASE
        return Allowance(min(PROBES, most), counted=True)
    if not gate.draining:
        return Allowance(most)
    rate = delivery_rules.current().drain_per_second
    grown = gate.allowance + rate * max((now - gate.allowance_at).total_seconds(), 0.0)
    # A few ticks' allowance is saved and no more, so that a pause is not followed by a flood.
    gate.allowance, gate.allowance_at = min(grown, max(rate * SAVED_SECONDS, 1.0)), now
    return Allowance(min(int(gate.allowance), most), counted=True)


def _known(channels: Sequence[Channel]) -> set[Channel]:
    """Those of these channels that have a row; queried in each iteration, when hardly ever one has."""
    if not channels:
        return set()
    return set(map(Channel, db.session.connection().scalars(_KNOWN))).intersection(channels)


_KNOWN = select(ChannelGate.channel)


def _rows(channels: Sequence[Channel], *, wait: bool = True) -> dict[Channel, ChannelGate]:
    """The rows of these channels, locked until the transaction ends, in the same order for every worker.

    Without `wait`, rows that another worker has locked are left out.
    """
    if not channels:
        return {}
    statement = (
        select(ChannelGate)
        .where(ChannelGate.channel.in_([channel.value for channel in channels]))
        .order_by(ChannelGate.channel)
        .with_for_update(skip_locked=not wait)
        .execution_options(populate_existing=True)
    )
    return {Channel(gate.channel): gate for gate in db.session.scalars(statement)}


def _locked(channel: Channel, now: datetime) -> ChannelGate:
    """The row of this channel, created if needed, locked until the transaction ends."""
    fresh = {
        "channel": channel.value,
        "faults": 0,
        "closings": 0,
        "draining": False,
        "allowance": 0.0,
        "allowance_at": now,
    }
    insert_or_ignore(ChannelGate, fresh)
    return _rows([channel])[channel]
