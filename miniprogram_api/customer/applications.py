"""Applying online: create a draft, save answers, submit."""

from typing import Any

from apiflask import APIBlueprint

from app.domain.limits import Limited
from app.services.applications import drafts
from app.services.applications.answers import form_of
from app.services.cases.submit import submit
from app.services.cases.views import progress
from app.services.history.timeline import by_customer
from app.services.operations import limits
from miniprogram_api.guards import caller
from miniprogram_api.problems import OFTEN
from miniprogram_api.schemas.customer import AnswersIn, ApplicationOut, DraftIn, ProgressOut
from miniprogram_api.schemas.shared import FormOut

applications = APIBlueprint("customer_applications", __name__, url_prefix="/api/v1/customer", tag="customer")


@applications.get("/forms/<public_key:program>")
@applications.output(FormOut)
@applications.doc(summary="申请表的填写项")
def read_form(program: str) -> Any:
    """Returns the fields of a program's application form.

    Refused with `unknown_program` for a program that this city does not offer.
    """
    return form_of(program)


@applications.post("/applications")
@applications.input(DraftIn)
@applications.output(ApplicationOut, status_code=201)
@applications.doc(summary="新建申请（自动预填已知信息）", responses=OFTEN)
def start_application(json_data: dict[str, str]) -> dict[str, Any]:
    """Creates a draft application for a program.

    Fields are prefilled from the verified phone number and from the customer's earlier case. Refused with
    `consent_needed` before the privacy policy is accepted, and with `unknown_program`.
    """
    limits.count(Limited.CUSTOMER_DRAFT, caller().subject_id)
    return drafts.present_application(drafts.start_by_customer(caller().subject_id, json_data["program"]))


@applications.get("/applications/<public_id:application_id>")
@applications.output(ApplicationOut)
@applications.doc(summary="查看申请")
def read_application(application_id: str) -> dict[str, Any]:
    """Returns one of the customer's own applications.

    Includes those that a manager has filled in for the customer.
    """
    return drafts.present_application(drafts.draft_of_customer(caller().subject_id, application_id))


@applications.patch("/applications/<public_id:application_id>")
@applications.input(AnswersIn)
@applications.output(ApplicationOut)
@applications.doc(summary="保存填写内容（可不完整）")
def save_application(application_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    """Saves answers in a draft application.

    The form may be incomplete; a wrong answer is refused with `invalid_fields`, which lists every fault. An
    answer of null removes the earlier one. Refused with `already_done` after submission.
    """
    application = drafts.draft_of_customer(caller().subject_id, application_id)
    return drafts.present_application(
        drafts.save_draft(application, json_data["answers"], drafts.FROM_CUSTOMER)
    )


@applications.post("/applications/<public_id:application_id>/submission")
@applications.output(ProgressOut, status_code=201)
@applications.doc(summary="提交申请，立即指派客户管家")
def submit_application(application_id: str) -> dict[str, Any]:
    """Submits an application and opens its case.

    The answer already names the customer's manager. Submitting again returns the same case. Refused with
    `invalid_fields` while required answers are missing or the phone number is not verified, and with
    `no_manager` when no manager is available.
    """
    application = drafts.draft_of_customer(caller().subject_id, application_id)
    case = submit(application, by_customer(caller().subject_id), confirmed=True)
    return progress.progress_for_owner(caller().subject_id, case.id)
