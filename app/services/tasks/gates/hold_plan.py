"""A value that holds the water plan opens the talk between the departments."""

from datetime import datetime

from app.domain.events import PlanHeld
from app.models import Task
from app.services.cases.flow.case_flow import CaseFlow

PLAN_HELD = "plan_held"


def hold_plan(flow: CaseFlow, task: Task, now: datetime) -> None:
    """Makes sure that the talk is open, and tells the people of the stage. The caller publishes the flow."""
    flow.ensure_triggered(PLAN_HELD, now)
    flow.add_event(PlanHeld(flow.case.id, task.stage_key, task.id))
