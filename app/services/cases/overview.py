"""A case for those who work on it: the customer's view, who is awaited, and the version an edit must name."""

from app.models import Case
from app.services.cases import awaited, edits, progress
from app.services.cases.progress import Answer


def for_staff(case: Case) -> Answer:
    """The same figures as the customer sees, and what concerns only the utility's own work."""
    return {
        **progress.for_staff(case.id),
        "version": edits.version(case.id),
        "awaited": awaited.of_case(case),
    }
