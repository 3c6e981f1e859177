"""What a partner is told: each change of a case it brought in, queued in the transaction of the change.

Number, reference, stage or reason, and nothing of anybody's personal data. What the answer to the partner's
own request already says (the case's first stage) is not told again.
"""

from typing import Any

from app.core import clock, eventbus
from app.core.db import db
from app.domain import events
from app.services.event_views import case_changes
from app.services.installation import city
from app.services.partners import webhook_addresses
from notifications.webhooks.models import PartnerDelivery, WebhookState


def wire() -> None:
    """Tell partners of every event from now on; wiring again doubles nothing."""
    eventbus.subscribe(events.StageOpened, stage_opened)
    eventbus.subscribe(events.StageCompleted, stage_completed)
    eventbus.subscribe(events.ClockStopped, clock_stopped)
    eventbus.subscribe(events.ClockResumed, clock_resumed)
    eventbus.subscribe(events.WaterOn, water_on)
    eventbus.subscribe(events.CaseClosed, case_closed)


def stage_opened(event: events.StageOpened) -> None:
    """A stage begins."""
    _tell_of_stage("stage_opened", event.case_id, event.stage_key)


def stage_completed(event: events.StageCompleted) -> None:
    """A stage is done."""
    _tell_of_stage("stage_completed", event.case_id, event.stage_key)


def clock_stopped(event: events.ClockStopped) -> None:
    """Time no longer counts, and why."""
    _tell_of_stop("clock_stopped", event.stop_id)


def clock_resumed(event: events.ClockResumed) -> None:
    """A stop ended."""
    _tell_of_stop("clock_resumed", event.stop_id)


def water_on(event: events.WaterOn) -> None:
    """Water runs."""
    _tell("water_on", event.case_id, webhook_addresses.case_to_tell(event.case_id), {})


def case_closed(event: events.CaseClosed) -> None:
    """The case is closed."""
    _tell("case_closed", event.case_id, webhook_addresses.case_to_tell(event.case_id), {})


def _tell_of_stage(event: str, case_id: str, stage_key: str) -> None:
    case = webhook_addresses.case_to_tell(case_id)
    if case is not None:
        name = city.program_of(case.program_key, case.former_program_key).stage(stage_key).name
        _tell(event, case_id, case, {"stage": {"key": stage_key, "name": name}})


def _tell_of_stop(event: str, stop_id: str) -> None:
    stop = case_changes.stop(stop_id)
    about = {"reason": stop.reason_name, "party": stop.party}
    _tell(event, stop.case.case_id, webhook_addresses.case_to_tell(stop.case.case_id), about)


def _tell(
    event: str, case_id: str, case: webhook_addresses.WebhookCase | None, about: dict[str, Any]
) -> None:
    if case is None:
        return
    now = clock.now()
    zone = city.working_time().zone
    db.session.add(
        PartnerDelivery(
            partner_id=case.partner_id,
            case_id=case_id,
            event=event,
            payload={
                "event": event,
                "occurred_at": now.astimezone(zone).isoformat(timespec="seconds"),
                "number": case.number,
                "reference": case.reference,
                **about,
            },
            state=WebhookState.WAITING,
            attempts=0,
            next_attempt_at=now,
            created_at=now,
        )
    )
    db.session.flush()
