"""Opening and locking a conversation for writing."""

from typing import Any

from app.core import clock
from app.core.db import db
from app.core.upsert import insert_or_ignore
from app.models import Application, Case, Conversation
from app.services.applications.credit_codes import names_a_person


def conversation_of_case(case: Case) -> Conversation:
    """The conversation of a case, created if needed, and locked until the transaction ends."""
    fresh: dict[str, Any] = {
        "id": case.id,
        "case_id": case.id,
        "customer_id": case.customer_id,
        "holder_id": case.manager_id,
        "organisation": _organisation(case),
        "opened_at": clock.now(),
        **FROM_THE_START,
    }
    db.session.flush()
    # Whichever constraint is met: with only the id named, PostgreSQL lets the loser of two first messages at
    # once run into the unique case_id, which it looks at before it gives way to the winner's id.
    insert_or_ignore(Conversation, fresh)
    return locked_conversation(case.id)


def _organisation(case: Case) -> str | None:
    """The name by which a company is found. A sole trader's is nowhere outside the encrypted form."""
    answers = db.session.get_one(Application, case.application_id).answers
    name = answers.get("organisation")
    return None if not name or names_a_person(answers.get("credit_code")) else str(name)[:200]


FROM_THE_START = dict.fromkeys(
    ("counter", "customer_delivered", "customer_read", "staff_delivered", "staff_read"), 0
)


def locked_conversation(conversation_id: str) -> Conversation:
    """Locks an existing conversation until the transaction ends."""
    return db.session.get_one(Conversation, conversation_id, with_for_update=True, populate_existing=True)


def for_writing(case: Case | None, conversation_id: str) -> Conversation:
    """The conversation that `readable_by` found, locked for writing."""
    return locked_conversation(conversation_id) if case is None else conversation_of_case(case)
