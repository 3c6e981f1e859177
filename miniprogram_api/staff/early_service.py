"""Early service: the consultation and its opinions, and the application form filled in on site."""

from typing import Any

from apiflask import APIBlueprint

from app.core import clock
from app.services.applications import drafts
from app.services.cases import access
from app.services.cases import early_service as service
from app.services.cases.submit import submit
from app.services.cases.views import progress
from app.services.history.timeline import by_staff
from miniprogram_api.guards import me
from miniprogram_api.schemas.customer import AnswersIn, ApplicationOut, ProgressOut
from miniprogram_api.schemas.early_service import EarlyServiceOut

early_service = APIBlueprint("staff_early_service", __name__, url_prefix="/api/v1/staff/cases", tag="staff")


@early_service.get("/<public_id:case_id>/early-service")
@early_service.output(EarlyServiceOut)
@early_service.doc(summary="设计方案意见征询：各部门意见与待办部门")
def read_early_service(case_id: str) -> Any:
    """Returns the consultation that opened a case, and the opinions of the departments.

    Refused with `not_found` for a case that no consultation opened.
    """
    return service.consultation_of(access.staff_case(me(), case_id))


@early_service.get("/<public_id:case_id>/application")
@early_service.output(ApplicationOut)
@early_service.doc(summary="工单的申请表")
def read_form(case_id: str) -> dict[str, Any]:
    """Returns the application form of a case in early service.

    Personal data is masked and the position is null; the contact in full is read on record. For the manager
    of the case, or the deputy during leave; otherwise `not_allowed`.
    """
    return drafts.present_masked(
        service.form_for_manager(me(), access.staff_case(me(), case_id), clock.now())
    )


@early_service.patch("/<public_id:case_id>/application")
@early_service.input(AnswersIn)
@early_service.output(ApplicationOut)
@early_service.doc(summary="上门补全申请表（可不完整）")
def save_form(case_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    """Saves answers in the application form of a case in early service.

    The form may be incomplete; a wrong answer is refused with `invalid_fields`, which lists every fault. The
    answers just sent are returned in full, all others as in a read.
    """
    application = service.form_for_manager(me(), access.staff_case(me(), case_id), clock.now())
    return drafts.present_masked(
        drafts.save_draft(application, json_data["answers"], drafts.FROM_MANAGER), json_data["answers"]
    )


@early_service.post("/<public_id:case_id>/application/submission")
@early_service.output(ProgressOut, status_code=201)
@early_service.doc(summary="提交补全的申请表，客户在手机上确认")
def submit_form(case_id: str) -> dict[str, Any]:
    """Submits the application form of a case in early service.

    The case stays the same; the customer confirms the form on the phone. Submitting again changes nothing.
    """
    application = service.form_for_manager(me(), access.staff_case(me(), case_id), clock.now())
    return progress.progress_for_staff(submit(application, by_staff(me().id), confirmed=False).id)
