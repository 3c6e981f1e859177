"""A case for staff: the customer's view, the owners of open tasks, and the version that an edit must name."""

from app.models import Case
from app.services.cases.views import open_task_owners, progress
from app.services.cases.views.case_version import case_version
from app.services.cases.views.progress import Answer


def overview_for_staff(case: Case) -> Answer:
    """The figures that the customer sees, and what concerns only the utility's own work."""
    return {
        **progress.progress_for_staff(case.id),
        "version": case_version(case.id),
        "awaited": open_task_owners.open_stage_owners(case),
    }
