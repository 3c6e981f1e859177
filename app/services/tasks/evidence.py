"""The photos, drawings and papers that a task needs, brought while its stage is open (三(二)).

Only what was brought since the current entry into the stage counts: repeated work is documented again.
Anybody of the utility may bring it; the customer is never asked.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select

from app.core.db import db
from app.domain.programs.tasks import NeededDocument, TaskSpec
from app.models import Document, Stage, Task
from app.services.installation import city

Brought = Mapping[tuple[str, str, int, str], int]
"""The number of documents by case, stage, entry into the stage, and kind."""


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One kind of document that a task needs, and how many there are."""

    kind: str
    name: str
    at_least: int
    there: int


def brought(case_ids: Collection[str]) -> Brought:
    """What was brought to these cases while each of their stages was open."""
    rows = db.session.execute(
        select(Stage.case_id, Stage.key, Stage.round, Document.kind, func.count())
        .join(
            Document,
            and_(Document.case_id == Stage.case_id, Document.created_at >= Stage.opened_at),
        )
        .where(Stage.case_id.in_(case_ids))
        .group_by(Stage.case_id, Stage.key, Stage.round, Document.kind)
    )
    return {(case_id, stage, entry, kind): count for case_id, stage, entry, kind, count in rows}


def lines(task: Task, spec: TaskSpec, there: Brought) -> list[EvidenceLine]:
    """What a task needs, in the order of the program's data."""
    kinds = city.current().documents
    return [
        EvidenceLine(
            needed.kind,
            kinds.kind(needed.kind).name,
            needed.at_least,
            there.get((task.case_id, task.stage_key, task.round, needed.kind), 0),
        )
        for needed in spec.documents
    ]


def missing(task: Task, spec: TaskSpec) -> list[dict[str, str]]:
    """A fault, as in `FieldsError`, for every document that the task lacks."""
    if not spec.documents:
        return []
    return [_fault(line) for line in lines(task, spec, brought([task.case_id])) if line.there < line.at_least]


def newest(case_id: str, needed: Sequence[NeededDocument]) -> str | None:
    """The id of the newest document of these kinds."""
    return db.session.scalar(
        select(Document.id)
        .where(Document.case_id == case_id, Document.kind.in_([document.kind for document in needed]))
        .order_by(Document.created_at.desc(), Document.id.desc())
        .limit(1)
    )


def _fault(line: EvidenceLine) -> dict[str, str]:
    still = line.at_least - line.there
    return {
        "field": f"documents.{line.kind}",
        "code": "required",
        "message": f"请先上传“{line.name}”，还差{still}份。",
    }
