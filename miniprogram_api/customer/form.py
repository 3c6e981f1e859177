"""The application form of an existing case. In early service the case exists before its form is complete."""

from typing import Any

from apiflask import APIBlueprint

from app.services.applications import drafts
from app.services.cases import access, early_service
from miniprogram_api.guards import caller
from miniprogram_api.schemas.customer import ApplicationOut

form = APIBlueprint("customer_form", __name__, url_prefix="/api/v1/customer/cases", tag="customer")


@form.get("/<public_id:case_id>/application")
@form.output(ApplicationOut)
@form.doc(summary="工单的申请表（提前服务的项目可先行填写）")
def read_form(case_id: str) -> dict[str, Any]:
    """Returns the application form of a case.

    In early service the case exists before its form is complete. Save and submit the form at
    `/customer/applications/{application_id}`.
    """
    customer_id = caller().subject_id
    case = access.customer_case(customer_id, case_id)
    return drafts.present_application(early_service.form_for_customer(customer_id, case))
