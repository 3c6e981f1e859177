"""Locking somebody together with everything they hold, so that nothing is given to them meanwhile.

Everybody locks cases, then complaints and conversations, then people. Removal does the same: it locks what
the person holds, then the person. Whoever gave them something in between (`acting.keep_from_leaving`, a
hand-over, a submission) held the person's row `FOR KEY SHARE`, so that it is there when removal looks again.
"""

from dataclasses import dataclass

from sqlalchemy import select

from app.core.db import db
from app.models import Case, Complaint, Conversation, Staff, Task, TaskState
from app.services.cases import access
from app.services.scheduling import absences


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody holds, by id. `cases` are those they manage and those of their open tasks."""

    cases: frozenset[str]
    complaints: frozenset[str]
    conversations: frozenset[str]

    def __le__(self, other: "Held") -> bool:
        """Whether the other has all of it."""
        return (
            self.cases <= other.cases
            and self.complaints <= other.complaints
            and self.conversations <= other.conversations
        )


def lock_and_deactivate(member: Staff) -> Held:
    """Locks what this person holds, then the person, who works here no more. Returns what is locked.

    One removal at a time.
    """
    absences.one_at_a_time()
    # Whoever had the lock before may have brought them back, and then `active` is not what was read.
    db.session.refresh(member)
    while True:
        held = what_is_held(member.id)
        # A lock that was taken in a savepoint is given back with it: nobody waits for us who holds what we
        # did not know of.
        with db.session.begin_nested() as attempt:
            _lock(held)
            absences.person_left(member)
            if what_is_held(member.id) <= held:
                return held
            attempt.rollback()
        db.session.refresh(member)


def what_is_held(staff_id: str) -> Held:
    """What somebody holds now."""
    managed = select(Case.id).where(Case.manager_id == staff_id, Case.closed_at.is_(None))
    tasks = select(Task.case_id).where(Task.assignee_id == staff_id, Task.state == TaskState.OPEN)
    complaints = select(Complaint.id).where(
        Complaint.responsible_id == staff_id, Complaint.closed_at.is_(None)
    )
    conversations = select(Conversation.id).where(Conversation.holder_id == staff_id)
    return Held(
        frozenset(db.session.scalars(managed.union(tasks))),
        frozenset(db.session.scalars(complaints)),
        frozenset(db.session.scalars(conversations)),
    )


def _lock(held: Held) -> None:
    for case_id in sorted(held.cases):
        access.locked_case(case_id)
    for noun, ids in ((Complaint, held.complaints), (Conversation, held.conversations)):
        db.session.scalars(
            select(noun)
            .where(noun.id.in_(sorted(ids)))
            .order_by(noun.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
