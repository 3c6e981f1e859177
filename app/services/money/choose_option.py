"""The customer chooses an option of a quote on the phone; stored with name and time."""

from sqlalchemy import select

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import ConflictError, FieldsError
from app.domain.events import QuoteChosen
from app.models import Application, Case, Task, TaskState
from app.services.history.timeline import by_customer, note
from app.services.installation import city
from app.services.money import quotes
from app.services.money.quotes import QuoteView


def choose_option(case: Case, customer_id: str, quote_id: str, option_key: str) -> QuoteView:
    """Chooses an option. It can be changed until the task that waited for the choice is completed.

    Raises `ConflictError` when the quote was replaced or the choice is final, and `FieldsError` for an
    unknown option.
    """
    row = quotes.quote_in_force(case.id, lock=True)
    if row is None or row.id != quote_id:
        raise ConflictError("费用方案已更新，请刷新后重新选择。")
    if _settled(case):
        raise ConflictError("费用方案已确定，如需变更请联系您的客户管家。")
    if option_key not in [option["key"] for option in row.options]:
        raise FieldsError(
            [{"field": "option", "code": "invalid", "message": "请从列出的费用方案中选择一项。"}]
        )
    now = clock.now()
    row.chosen_key = option_key
    row.chosen_at = now
    row.chosen_by = customer_id
    row.chosen_name = db.session.get_one(Application, case.application_id).answers["contact_name"]
    detail = {"version": row.version, "option": option_key}
    note(case.id, now, "quote_chosen", by_customer(customer_id), detail)
    db.session.flush()
    eventbus.publish(QuoteChosen(case.id, row.id))
    return quotes.present_quote(row, newest=True)


def _settled(case: Case) -> bool:
    """Whether the task that waits for the choice has been completed and not been opened again."""
    waiting = [
        task.key
        for stage in city.program(case.program_key).stages
        for task in stage.tasks
        if task.requires_choice
    ]
    state = db.session.scalar(
        select(Task.state)
        .where(Task.case_id == case.id, Task.key.in_(waiting))
        .order_by(Task.round.desc())
        .limit(1)
    )
    return state is not None and state != TaskState.OPEN
