"""The visit that a task needs, as its program's file gives it."""

from collections.abc import Sequence, Set

from app.domain.programs.tasks import OutputField, OutputKind, TaskVisit
from app.domain.toml_reader import Table


def read_visit(
    row: Table, outputs: Sequence[OutputField], purposes: Set[str], departments: Set[str]
) -> TaskVisit | None:
    """The table `visit` of a task that delivers `outputs`; None when it needs none."""
    table = row.table("visit", optional=True)
    if table is None:
        return None
    visit = TaskVisit(
        purpose=table.text("purpose"),
        manager=table.flag("manager"),
        departments=table.texts("departments", optional=True),
        not_manager=table.flag("not_manager"),
        arrived_at=table.text("arrived_at", optional=True) or None,
    )
    if visit.purpose and visit.purpose not in purposes:
        table.fault("purpose", f"visits.toml has no purpose {visit.purpose!r}")
    for department in visit.departments:
        if department not in departments:
            table.fault("departments", f"unknown department {department!r}")
    if not visit.manager and not visit.departments:
        table.fault("departments", "somebody has to come: name departments, or manager = true")
    if visit.manager and visit.not_manager:
        table.fault("not_manager", "contradicts manager = true")
    kinds = {output.key: output.kind for output in outputs}
    if visit.arrived_at is not None and kinds.get(visit.arrived_at) is not OutputKind.DATETIME:
        table.fault("arrived_at", f'{visit.arrived_at!r} is no output of this task with kind = "datetime"')
    return visit
