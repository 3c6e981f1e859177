"""Taking back a document: by who brought it, until it has been used."""

from sqlalchemy import exists, select

from app.core import clock
from app.core.db import db
from app.domain.errors import ConflictError, NotFoundError
from app.models import Case, CaseState, Document, Message, Meter, Stage, Task, TaskState
from app.services.cases import access
from app.services.documents import deletion
from app.services.history.timeline import By, note
from app.services.installation import city


def withdraw_document(case: Case, document_id: str, by: By) -> None:
    """Deletes a document that this person brought to the case, with its bytes.

    Raises `NotFoundError` for anybody else's. Raises `ConflictError` when it has been used: the case is over,
    it was sent in the conversation, it is the photo of a meter, or a task was completed with it.
    """
    # Against whoever completes a task with it at the same moment.
    access.lock_case(case)
    document = db.session.scalar(
        select(Document)
        .where(
            Document.id == document_id,
            Document.case_id == case.id,
            Document.actor == by.actor,
            Document.actor_id == (by.id or ""),
        )
        .with_for_update()
    )
    if document is None:
        raise NotFoundError
    if case.state != CaseState.OPEN:
        raise ConflictError("该工单已结束，资料须留存，不能撤回。如有疑问，请联系客户管家。")
    if _is_referred_to(document):
        raise ConflictError("该资料已在沟通或水表记录中使用，不能撤回。请先撤回相应消息，或联系客户管家。")
    if _proves_work(case, document):
        raise ConflictError("该资料已用于办结任务，不能撤回。如有更正，请另行上传并说明。")
    note(case.id, clock.now(), "document_withdrawn", by, {"document": document.kind})
    deletion.delete_documents([document.id])


def _is_referred_to(document: Document) -> bool:
    referred = select(
        exists().where(Message.document_id == document.id), exists().where(Meter.photo_id == document.id)
    )
    return any(db.session.execute(referred).one())


def _proves_work(case: Case, document: Document) -> bool:
    """Whether a task that asks for this kind was completed while it was there, in the same entry."""
    program = city.program_of(case.program_key, case.former_program_key)
    done = db.session.execute(
        select(Task.stage_key, Task.key)
        .join(
            Stage,
            (Stage.case_id == Task.case_id) & (Stage.key == Task.stage_key) & (Stage.round == Task.round),
        )
        .where(
            Task.case_id == case.id,
            Task.state == TaskState.DONE,
            Task.completed_at >= document.created_at,
            Stage.opened_at <= document.created_at,
        )
    )
    return any(
        needed.kind == document.kind
        for stage_key, task_key in done
        for needed in program.stage(stage_key).task(task_key).documents
    )
