"""What a customer decides in a case: confirming a form that staff filled in, and the rating."""

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import AlreadyDoneError, ConflictError
from app.domain.events import CaseConfirmed
from app.models import Case
from app.services.cases import access, early_service
from app.services.cases.decisions import rating
from app.services.history.timeline import by_customer, note


def confirm_case(case: Case, customer_id: str) -> None:
    """Confirms on the phone what staff filled in.

    Raises `AlreadyDoneError` the second time, `ConflictError` while the form is incomplete.
    """
    access.lock_case(case)
    if case.confirmed_at is not None:
        raise AlreadyDoneError("您已确认过申请内容，无需重复操作。")
    if not early_service.form_is_complete(case):
        raise ConflictError("申请表尚未填写完整，请先补全并提交，或请客户管家协助。")
    case.confirmed_at = clock.now()
    note(case.id, case.confirmed_at, "case_confirmed", by_customer(customer_id))
    db.session.flush()
    eventbus.publish(CaseConfirmed(case.id))


def rate_case(case: Case, customer_id: str, score: int, remark: str | None) -> None:
    """Rates the service from 1 to 5, once, after water-on.

    Raises `ConflictError` before water-on and `AlreadyDoneError` the second time.
    """
    access.lock_case(case)
    if case.water_on_at is None:
        raise ConflictError("通水后即可评价，感谢您的关注。")
    rating.record_rating(case, score, remark, by_customer(customer_id))
