"""Applying without paper: a draft, its answers, its submission."""

from typing import Any

from apiflask import APIBlueprint

from app.services.applications import drafts
from app.services.applications.answers import form_of
from app.services.cases.submit import submit
from app.services.cases.views import progress
from app.services.history.timeline import by_customer
from miniprogram_api.guards import caller
from miniprogram_api.schemas.customer import AnswersIn, ApplicationOut, DraftIn, ProgressOut
from miniprogram_api.schemas.shared import FormOut

applications = APIBlueprint("customer_applications", __name__, url_prefix="/api/v1/customer", tag="customer")


@applications.get("/forms/<public_key:program>")
@applications.output(FormOut)
@applications.doc(summary="申请表的填写项")
def read_form(program: str) -> Any:
    """The one form of a program."""
    return form_of(program)


@applications.post("/applications")
@applications.input(DraftIn)
@applications.output(ApplicationOut, status_code=201)
@applications.doc(summary="新建申请（自动预填已知信息）")
def start(json_data: dict[str, str]) -> dict[str, Any]:
    """Prefilled from the verified phone and the customer's earlier case."""
    return drafts.present(drafts.start_by_customer(caller().subject_id, json_data["program"]))


@applications.get("/applications/<public_id:application_id>")
@applications.output(ApplicationOut)
@applications.doc(summary="查看申请")
def read(application_id: str) -> dict[str, Any]:
    """The customer's own, filled in by themselves or for them."""
    return drafts.present(drafts.of_customer(caller().subject_id, application_id))


@applications.patch("/applications/<public_id:application_id>")
@applications.input(AnswersIn)
@applications.output(ApplicationOut)
@applications.doc(summary="保存填写内容（可不完整）")
def save(application_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    """Incomplete is fine, wrong is not."""
    application = drafts.of_customer(caller().subject_id, application_id)
    return drafts.present(drafts.save(application, json_data["answers"], drafts.FROM_CUSTOMER))


@applications.post("/applications/<public_id:application_id>/submission")
@applications.output(ProgressOut, status_code=201)
@applications.doc(summary="提交申请，立即指派客户管家")
def submit_application(application_id: str) -> dict[str, Any]:
    """The answer already names the manager. Submitting again returns the same case."""
    application = drafts.of_customer(caller().subject_id, application_id)
    case = submit(application, by_customer(caller().subject_id), confirmed=True)
    return progress.for_owner(caller().subject_id, case.id)
