"""Quick replies: the city's, those shared by supervisors, and one's own, filled in for a conversation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.conversation.loader import unknown_fields
from app.domain.conversation.quick_replies import fill
from app.domain.conversation.vocabulary import REPLY_FIELDS
from app.domain.errors import FieldsError, NotAllowedError, NotFoundError
from app.models import Case, QuickReply, Staff
from app.services.cases.views import progress
from app.services.conversations.answer_clock import spoken_time
from app.services.conversations.care.chases import OPEN
from app.services.installation import city
from app.services.people import phones
from app.services.people.staffing import Colleague


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """A quick reply. `missing`: placeholders without a value in this conversation.

    `id` is empty for one of the city's own, which cannot be removed here.
    """

    id: str
    title: str
    text: str
    shared: bool
    missing: tuple[str, ...]


def for_conversation(staff: Colleague, case: Case | None) -> list[ReplyLine]:
    """Everything this member of staff may use, filled in: their own first, then the shared ones."""
    values = _values(staff, case)
    rows = db.session.scalars(
        select(QuickReply)
        .where(or_(QuickReply.staff_id == staff.id, QuickReply.staff_id.is_(None)))
        .order_by(QuickReply.created_at, QuickReply.id)
    ).all()
    kept = [(row.id, row.title, row.text, row.staff_id is None) for row in rows]
    kept.sort(key=lambda reply: reply[3])
    kept += [("", reply.title, reply.text, True) for reply in city.current().talk.shared_replies]
    lines = []
    for id_, title, text, shared in kept:
        filled = fill(text, values)
        lines.append(ReplyLine(id_, title, filled.text, shared, filled.missing))
    return lines


def add(staff: Colleague, title: str, text: str, *, shared: bool) -> ReplyLine:
    """Keep a reply. Raises `NotAllowedError` for sharing without being a supervisor, `FieldsError`."""
    if shared and not staff.is_supervisor:
        raise NotAllowedError("公用快捷回复由督办维护，您可以保存为自己的快捷回复。")
    unknown = unknown_fields(text, REPLY_FIELDS)
    if unknown is None or unknown:
        known = "、".join(f"{{{name}}}" for name in sorted(REPLY_FIELDS))
        fault = {"field": "text", "code": "unknown_field", "message": f"可以填写的项为：{known}。"}
        raise FieldsError([fault])
    row = QuickReply(
        id=new_id(),
        staff_id=None if shared else staff.id,
        title=title,
        text=text,
        created_by=staff.id,
        created_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return ReplyLine(row.id, title, text, shared, ())


def remove(staff: Colleague, reply_id: str) -> None:
    """Take a reply away: one's own, and a shared one if one is a supervisor. Raises `NotFoundError`."""
    row = db.session.get(QuickReply, reply_id)
    if row is None or row.staff_id not in {staff.id, None}:
        raise NotFoundError
    if row.staff_id is None and not staff.is_supervisor:
        raise NotAllowedError("公用快捷回复由督办维护。")
    db.session.delete(row)


def _values(staff: Colleague, case: Case | None) -> Mapping[str, str]:
    values = {"hotline": city.current().city.hotline}
    values |= _manager(db.session.get_one(Staff, staff.id if case is None else case.manager_id))
    if case is None:
        return values
    values |= {"project_name": case.project_name, "case_number": case.number}
    for stage in progress.progress_for_staff(case.id)["stages"]:
        if stage["state"] == OPEN:
            values["stage_name"] = stage["name"]
            if stage["due_at"]:
                values["stage_due"] = spoken_time(datetime.fromisoformat(stage["due_at"]))
            break
    return values


def _manager(member: Staff) -> dict[str, str]:
    return {"manager_name": member.name, "manager_phone": phones.shown(member.phone)}
