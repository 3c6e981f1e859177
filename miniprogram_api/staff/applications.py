"""Filling in an application for a customer, on site or by telephone."""

from typing import Any

from apiflask import APIBlueprint

from app.domain.errors import NotAllowedError
from app.services.applications import drafts
from app.services.cases.submit import submit
from app.services.cases.views import progress
from app.services.history.timeline import by_staff
from miniprogram_api.guards import me
from miniprogram_api.schemas.customer import AnswersIn, ApplicationOut, ProgressOut
from miniprogram_api.schemas.staff import StaffDraftIn

applications = APIBlueprint("staff_applications", __name__, url_prefix="/api/v1/staff", tag="staff")


@applications.post("/applications")
@applications.input(StaffDraftIn)
@applications.output(ApplicationOut, status_code=201)
@applications.doc(summary="代客户填写申请（上门 / 电话）")
def start_application(json_data: dict[str, Any]) -> dict[str, Any]:
    """Creates a draft application for a customer, on site or by telephone.

    It belongs to whoever verifies the contact phone. Only managers; otherwise `not_allowed`. Refused with
    `invalid_fields` without a correct `contact_phone`.
    """
    _managers_only()
    return drafts.present_to_staff(
        drafts.start_by_staff(me(), json_data["program"], json_data["channel"], json_data["answers"])
    )


@applications.get("/applications/<public_id:application_id>")
@applications.output(ApplicationOut)
@applications.doc(summary="查看代填的申请")
def read_application(application_id: str) -> dict[str, Any]:
    """Returns a draft application that the caller created.

    Refused with `not_found` for those of other members of staff.
    """
    return drafts.present_to_staff(drafts.draft_of_staff(me().id, application_id))


@applications.patch("/applications/<public_id:application_id>")
@applications.input(AnswersIn)
@applications.output(ApplicationOut)
@applications.doc(summary="补充代填的申请")
def save_application(application_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    """Saves answers in a draft application that the caller created.

    The form may be incomplete; a wrong answer is refused with `invalid_fields`, which lists every fault.
    Refused with `already_done` after submission.
    """
    application = drafts.draft_of_staff(me().id, application_id)
    return drafts.present_to_staff(drafts.save_by_staff(application, json_data["answers"]))


@applications.post("/applications/<public_id:application_id>/submission")
@applications.output(ProgressOut, status_code=201)
@applications.doc(summary="代客户提交，客户在手机上确认")
def submit_application(application_id: str) -> dict[str, Any]:
    """Submits an application for a customer and opens its case.

    The customer confirms it on the phone. Submitting again returns the same case. Refused with
    `invalid_fields` while required answers are missing.
    """
    application = drafts.draft_of_staff(me().id, application_id)
    case = submit(application, by_staff(me().id), confirmed=False)
    return progress.progress_for_staff(case.id)


def _managers_only() -> None:
    if not me().is_manager:
        raise NotAllowedError("仅客户管家可代客户填写申请。")
