"""What notices need to know of what happens to a case: stops, stages, promises, changes, as plain values."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core.db import db
from app.domain.programs.tasks import Holder
from app.models import Case, CaseChange, Stage, Stop
from app.services.cases.decisions import case_changes
from app.services.event_views import cases
from app.services.event_views.cases import CaseView
from app.services.people import recipients
from app.services.people.recipients import StaffRecipient


@dataclass(frozen=True, slots=True)
class StopView:
    """A stop, and when the running stage is due now that it ended.

    `still_stopped` says whether another stop holds the clock: then the end of this one lets nothing run.
    """

    stop_id: str
    case: CaseView
    reason_name: str
    party: str
    started_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    still_stopped: bool = False


@dataclass(frozen=True, slots=True)
class StageView:
    """A completed stage and the one that follows it."""

    case: CaseView
    stage_key: str
    stage_name: str
    next_stage_name: str | None
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class PromiseView:
    """A promise that runs short: the stage that runs, the stages to come, and who will have to do those.

    `later_people` are those of the queues; what the manager holds is the manager's. `headline_name` is ""
    where the plan has no headline.
    """

    case: CaseView
    stage_key: str
    stage_name: str
    headline_name: str
    later_stages: tuple[str, ...]
    later_people: tuple[StaffRecipient, ...]


@dataclass(frozen=True, slots=True)
class CaseChangeView:
    """A change of a case: why, what the customer can do next, what was and is now, who had held its work."""

    change_id: str
    case: CaseView
    kind: str
    reason: str
    advice: str
    was: str
    now: str
    holders: tuple[StaffRecipient, ...]


@dataclass(frozen=True, slots=True)
class OpenStageView:
    """An open stage and when it is due."""

    case: CaseView
    stage_name: str
    due_at: datetime | None


def stop(stop_id: str) -> StopView:
    """What notices say of a stop."""
    found = db.session.get_one(Stop, stop_id)
    brief, program = cases.with_program(found.case_id)
    return StopView(
        stop_id=found.id,
        case=brief,
        reason_name=program.stop_reason(found.reason_key).name,
        party=found.party,
        started_at=found.started_at,
        ended_at=found.ended_at,
        due_at=db.session.scalar(
            select(Stage.due_at)
            .where(Stage.case_id == found.case_id, Stage.completed_at.is_(None))
            .order_by(Stage.due_at)
            .limit(1)
        ),
        still_stopped=db.session.scalar(
            select(Stop.id)
            .where(
                Stop.case_id == found.case_id,
                Stop.id != found.id,
                Stop.ended_at.is_(None),
                Stop.struck_at.is_(None),
            )
            .limit(1)
        )
        is not None,
    )


def stage(case_id: str, stage_key: str) -> StageView:
    """What notices say of a completed stage; the next is the open one that is due first."""
    brief, program = cases.with_program(case_id)
    following = [spec for spec in program.stages if stage_key in spec.follows]
    opened = {
        row.key: row.due_at
        for row in db.session.execute(
            select(Stage.key, Stage.due_at).where(Stage.case_id == case_id, Stage.completed_at.is_(None))
        )
    }
    coming = next((spec for spec in following if spec.key in opened), None)
    return StageView(
        case=brief,
        stage_key=stage_key,
        stage_name=program.stage(stage_key).name,
        next_stage_name=coming.name if coming else None,
        next_due_at=opened.get(coming.key) if coming else None,
    )


def promise(case_id: str, stage_key: str) -> PromiseView:
    """What notices say of a promise that runs short while the stage `stage_key` runs."""
    brief, program = cases.with_program(case_id)
    entered = set(db.session.scalars(select(Stage.key).where(Stage.case_id == case_id)))
    later = [spec for spec in program.stages if spec.in_full_process and spec.key not in entered]
    waiting = dict.fromkeys(
        task.department for spec in later for task in spec.tasks if task.holder is Holder.QUEUE
    )
    return PromiseView(
        case=brief,
        stage_key=stage_key,
        stage_name=program.stage(stage_key).name,
        headline_name=program.headline.name if program.headline else "",
        later_stages=tuple(spec.name for spec in later),
        later_people=tuple(
            person for department in waiting for person in cases.holders(None, department, brief)
        ),
    )


def case_change(change_id: str) -> CaseChangeView:
    """What notices say of a change of a case."""
    found = db.session.get_one(CaseChange, change_id)
    said = case_changes.change_line(db.session.get_one(Case, found.case_id), found)
    holders = found.detail.get("holders", [])
    return CaseChangeView(
        change_id=found.id,
        case=cases.case(found.case_id),
        kind=found.kind,
        reason=said.reason,
        advice=said.advice,
        was=said.was,
        now=said.now,
        holders=recipients.active(holders),
    )


def running_stage(case_id: str, stage_key: str) -> OpenStageView:
    """What notices say of an open stage."""
    brief, program = cases.with_program(case_id)
    due_at = db.session.scalar(
        select(Stage.due_at).where(
            Stage.case_id == case_id, Stage.key == stage_key, Stage.completed_at.is_(None)
        )
    )
    return OpenStageView(brief, program.stage(stage_key).name, due_at)
