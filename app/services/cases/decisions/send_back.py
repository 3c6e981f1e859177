"""Sending a case back to a completed stage. Its time accumulates and never starts again."""

from app.core import clock
from app.domain.errors import FieldsError
from app.domain.programs import engine
from app.models import Case, CaseChangeKind
from app.services.cases import responsibility
from app.services.cases.decisions import case_changes
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By


def send_back(case: Case, by: By, stage_key: str, words: str) -> None:
    """Reopens a stage and everything that followed it, within what is left of their limits.

    Raises `FieldsError` for a stage that is not completed or cannot be repeated, `CaseEndedError`,
    `ConflictError` after water-on.
    """
    flow = CaseFlow.load(case)
    responsibility.require_under_way(case)
    possible = {
        spec.key: spec.name
        for spec in flow.program.stages
        if engine.can_be_repeated(spec)
        and (row := flow.current_entry(spec.key)) is not None
        and row.completed_at is not None
    }
    if stage_key not in possible:
        names = "、".join(possible.values()) or "目前没有可退回的环节"
        raise FieldsError(
            [{"field": "stage", "code": "invalid", "message": f"只能退回到已完成的环节：{names}。"}]
        )
    now = clock.now()
    case_changes.record_change(case, flow, CaseChangeKind.SENT_BACK, by, now, words, key=stage_key)
    flow.repeat(stage_key, by, now)
    flow.publish()
