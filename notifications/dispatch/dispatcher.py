"""Sending what waits in the outbox: a pipeline in which claiming, sending and recording overlap.

One thread owns all database writes. Each of its iterations is one short transaction: it records finished
sends, marks the next messages as handed over, and claims more when few are left. The threads of a bounded
pool send, and hold no database connection while they wait for WeChat. Nothing waits for a whole batch: a slow
answer delays only itself.

What is known to have been sent is never sent again. If the process dies, its lease runs out. Messages that it
had not handed over were not sent and are claimed again. Of those that it had, a template message is repeated
under the same client_msg_id, which WeChat recognises for 10 minutes, so that the person gets it once. A
subscribe message has no such key: it becomes `unknown` and is left to WeChat's report, or to the city's rule
(`followup/unknown_outcomes.py`). The same holds for a send that ended in a time-out.
"""

import logging
import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.atomic import atomic
from app.core.connection_failure import is_connection_failure
from app.core.ids import new_id
from app.wechat.port import Accounts
from notifications.channels.envelope import Envelope, Outcome, OutcomeKind
from notifications.channels.message_channel import Connections
from notifications.channels.registry import CHANNELS, senders
from notifications.channels.sms_carrier import NullSms, Sms
from notifications.dispatch import circuit_breaker, claims, outcome_buffer, record_outcomes, refusal_scope
from notifications.dispatch.outcome_policy import Resolution, resolve
from notifications.dispatch.record_outcomes import Settled
from notifications.dispatch.retry import Chance
from notifications.dispatch.sender_pool import POOL_SIZE, Senders, Workers
from notifications.models import DeliveryState
from notifications.outbox import disabled_templates

BATCH = 256
"""Messages claimed at once: enough that claiming costs little, few enough for one lease."""

MOST_HELD = 4 * BATCH
"""The most messages in reserve, whoever they are for: what one lease has time for."""

AHEAD = 3
"""How many messages for each thread are handed over at a time: the one it sends, and what it does next."""

MOST_AHEAD = 8
"""The same where WeChat answers sooner than the books are kept, so that the threads would stand still."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """What one round of dispatching did, in messages."""

    claimed: int = 0
    accepted: int = 0
    waiting: int = 0
    refused: int = 0
    failed: int = 0
    unknown: int = 0
    expired: int = 0


def drain(wechat: Accounts, sms: Sms | None = None, *, chance: Chance | None = None) -> Counts:
    """Dispatch until nothing is due any more; what was done. Call outside any transaction, in an app context.

    `chance` spreads the repetitions (tests pass one that can be foretold). Raises what `dispatch` raises.
    """
    connections = Connections(wechat, sms or NullSms())
    return _Pipeline(senders(connections), POOL_SIZE, BATCH, chance or random.SystemRandom()).run(
        claims_left=None
    )


def dispatch(
    wechat: Accounts,
    sms: Sms | None = None,
    *,
    batch: int = BATCH,
    pool_size: int = POOL_SIZE,
    chance: Chance | None = None,
) -> Counts:
    """Claim up to `batch` messages that are due, once, and send them, at most `pool_size` at a time.

    Runs in an app context, outside any transaction. An error that is no answer of WeChat's is raised after
    the others were recorded; its message stays claimed until the lease runs out.
    """
    connections = Connections(wechat, sms or NullSms())
    return _Pipeline(senders(connections), pool_size, batch, chance or random.SystemRandom()).run(
        claims_left=1
    )


class _Pipeline:
    """One run: the books are kept in the thread that calls `run`."""

    def __init__(self, by_channel: Senders, pool_size: int, batch: int, chance: Chance) -> None:
        self._senders = by_channel
        self._pool_size = pool_size
        self._batch = batch
        self._chance = chance
        self._ahead = AHEAD
        self._owner = new_id()
        self._reserve: deque[Envelope] = deque()
        self._reserved: Counter[str] = Counter()
        self._flying: dict[str, Envelope] = {}
        self._people: Counter[str] = Counter()
        self._states: Counter[str] = Counter()
        self._claimed = 0

    def run(self, claims_left: int | None) -> Counts:
        """Take turns until nothing is left to do; None claims as often as there is something."""
        with Workers(self._senders, self._pool_size) as workers:
            more = True
            while more or self._flying or self._reserve:
                back = workers.back(wait=bool(self._flying))
                wants = more and self._runs_low()
                try:
                    claim, handed = self._turn(back, wants=wants)
                except DBAPIError as fault:
                    if is_connection_failure(fault):
                        self._keep([*back, *workers.rest()])
                    raise
                self._pace(workers.left())
                workers.send(handed)
                if claim is not None:
                    claims_left = None if claims_left is None else claims_left - 1
                    # What is under way may come back to be sent another way.
                    more = (claim.found or bool(self._flying)) and claims_left != 0
        if workers.errors:
            raise workers.errors[0]
        return self._counts()

    def _turn(
        self, back: Sequence[tuple[Envelope, Outcome | None]], *, wants: bool
    ) -> tuple[claims.Claim | None, list[Envelope]]:
        now = clock.now()
        claim = None
        with atomic():
            settled = self._record([(message, came) for message, came in back if came], now)
            if wants:
                claim = claims.claim(self._owner, self._batch, now, self._chance, busy=self._busy())
            for message, _ in back:
                self._landed(message)
            if claim is not None:
                self._reserve.extend(claim.messages)
                self._reserved.update(message.route.openid for message in claim.messages)
            chosen = self._next()
            handed = claims.mark_handed_over(self._owner, chosen, now)
        self._started(chosen, handed)
        self._count(claim, settled)
        for each in settled:
            _report(*each)
        return claim, handed

    def _keep(self, back: Sequence[tuple[Envelope, Outcome | None]]) -> None:
        """Write what came of everything that was handed over, once the database is there again.

        What this worker holds besides goes back at once: no thread has seen it.
        """
        came_of = {message.id: came for message, came in back}

        def record() -> None:
            now = clock.now()
            # A commit that seemed to fail may have been made: then these are not held any more.
            held = claims.claimed_messages(self._owner, came_of, now)
            outcomes = [
                (message, came_of.get(message.id, Outcome(OutcomeKind.LATE, now))) for message in held
            ]
            self._record([(message, came) for message, came in outcomes if came], now)

        outcome_buffer.write_when_available(record)

    def _record(self, attempted: Sequence[tuple[Envelope, Outcome]], now: datetime) -> list[Settled]:
        """Decide what happens to each message, and write it down in the caller's transaction."""
        settled = [
            (message, outcome, resolve(message, outcome, self._chance))
            for message, outcome in refusal_scope.judge(attempted, now)
        ]
        record_outcomes.record_attempts(settled, self._owner)
        circuit_breaker.record_outcomes(
            [(message.route.channel, outcome) for message, outcome, _ in settled], self._chance, now
        )
        for message, outcome, _ in settled:
            if outcome.kind is OutcomeKind.TEMPLATE:
                disabled_templates.disable(message.route.template_key, outcome.errcode, now)
        refused = {
            message.route.template_key: outcome.errcode
            for message, outcome, _ in settled
            if outcome.kind is OutcomeKind.CONTENT and CHANNELS[message.route.channel].has_templates
        }
        disabled_templates.disable_if_many(refused, now)
        return settled

    def _runs_low(self) -> bool:
        """Whether there is little left that could be sent now.

        Of many messages to one person only one could: a supervisor with a thousand warnings must not make
        everybody else wait.
        """
        unknown = self._reserved[""]
        people = len(self._reserved.keys() - self._people.keys() - {""})
        return unknown + people <= self._batch // 2 and len(self._reserve) <= MOST_HELD

    def _busy(self) -> list[str]:
        """Whom nothing more is claimed for, as long as this much is left for them."""
        return [
            person for person, left in self._reserved.items() if person and left > claims.OF_ONE_PERSON // 2
        ]

    def _next(self) -> list[Envelope]:
        """What to hand over now: as much as the threads can use soon, and nobody's second message yet.

        WeChat refuses two sends to one person at the same moment (43108).
        """
        room = self._pool_size * self._ahead - len(self._flying)
        chosen: list[Envelope] = []
        people = set(self._people)
        for _ in range(len(self._reserve)):
            if len(chosen) >= room:
                break
            message = self._reserve.popleft()
            if message.route.openid and message.route.openid in people:
                self._reserve.append(message)
                continue
            people.add(message.route.openid)
            chosen.append(message)
            self._reserved[message.route.openid] -= 1
            if not self._reserved[message.route.openid]:
                del self._reserved[message.route.openid]
        return chosen

    def _pace(self, left: int) -> None:
        """Hand over more at a time when nothing was left for the threads at the end of a turn.

        Then each turn does more, too. What is handed over when a process dies may have been sent, so it is
        less again as soon as that is enough: `left` messages had not been begun.
        """
        if not left:
            self._ahead = min(self._ahead + 1, MOST_AHEAD)
        elif left >= 2 * self._pool_size:
            self._ahead = max(self._ahead - 1, AHEAD)

    def _started(self, chosen: Sequence[Envelope], handed: Sequence[Envelope]) -> None:
        for message in handed:
            self._flying[message.id] = message
            self._people[message.route.openid] += 1
        # The rest has lost its lease: whoever claims next takes it back.
        self._states[DeliveryState.WAITING] += len(chosen) - len(handed)

    def _landed(self, message: Envelope) -> None:
        del self._flying[message.id]
        self._people[message.route.openid] -= 1
        if not self._people[message.route.openid]:
            del self._people[message.route.openid]

    def _count(self, claim: claims.Claim | None, settled: Sequence[Settled]) -> None:
        self._states.update(new.state for _, _, new in settled)
        if claim is not None:
            self._claimed += len(claim.messages)
            self._states[DeliveryState.EXPIRED] += claim.expired
            self._states[DeliveryState.UNKNOWN] += claim.unknown

    def _counts(self) -> Counts:
        states = self._states
        return Counts(
            claimed=self._claimed,
            accepted=states[DeliveryState.ACCEPTED],
            waiting=states[DeliveryState.WAITING],
            refused=states[DeliveryState.REFUSED],
            failed=states[DeliveryState.FAILED],
            unknown=states[DeliveryState.UNKNOWN],
            expired=states[DeliveryState.EXPIRED],
        )


def _report(message: Envelope, outcome: Outcome, new: Resolution) -> None:
    """Log one attempt: its ids and codes, and nothing of what it said or to whom."""
    if outcome.kind is OutcomeKind.ACCEPTED and not _log.isEnabledFor(logging.DEBUG):
        return
    facts = {
        "message_id": message.id,
        "kind": message.kind,
        "channel": message.route.channel.value,
        "template": message.route.template_key,
        "attempt": message.attempt,
        "outcome": outcome.kind.value,
        "errcode": outcome.errcode,
        "state": new.state.value,
    }
    if new.alarm:
        _log.error("a message can't be sent as configured: see to the template or the account", extra=facts)
    elif new.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        _log.warning("a message did not arrive for certain", extra=facts)
    elif outcome.kind is OutcomeKind.ACCEPTED:
        _log.debug("a message was accepted", extra=facts)
    else:
        _log.info("a message goes another way, or again, or ends here", extra=facts)
