"""The calibre of a case: the one fixed in the water plan, before that the one applied for."""

from sqlalchemy import select

from app.core.db import db
from app.domain import calibres
from app.domain.programs.tasks import PLANNED_CALIBRE
from app.models import Application, Case
from app.services.history import latest_outputs

APPLIED_FOR = "calibre"


def calibre_mm(case: Case) -> int | None:
    """The nominal diameter in millimetres; None while nobody has said one."""
    planned = latest_outputs.value(case.id, PLANNED_CALIBRE)
    if planned is None:
        answers = db.session.scalar(select(Application.answers).where(Application.id == case.application_id))
        planned = (answers or {}).get(APPLIED_FOR)
    if not isinstance(planned, str):
        return None
    try:
        return calibres.nominal_mm(planned)
    except ValueError:
        # An application's words that are no calibre ask for no skill.
        return None
