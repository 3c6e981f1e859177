"""Consultations and applications from partner platforms, and the progress of their cases."""

from typing import Any

from apiflask import APIBlueprint

from app.services.partners import partner_cases
from app.services.partners.apply_for_customer import apply_for_customer
from app.services.partners.receive_consultation import TOLD, Consultation, receive_consultation
from app.services.partners.request_signatures import Capability
from miniprogram_api.guards import partner_who_may
from miniprogram_api.schemas.partner import ApplicationIn, ConsultationIn, PartnerProgressOut, ReceivedCaseOut

cases = APIBlueprint("partner_cases", __name__, url_prefix="/api/v1/partner", tag="partner")


@cases.post("/consultations")
@cases.input(ConsultationIn)
@cases.output(ReceivedCaseOut, status_code=201)
@cases.doc(summary="建设项目设计方案意见征询：立即进入提前服务并指派客户管家")
def submit_consultation(json_data: dict[str, Any]) -> Any:
    """Receives a consultation on a building project (设计方案意见征询) and opens its case.

    The case is in early service: a manager is assigned and the departments have their tasks at once. The same
    `reference` again returns the same case. Refused with `invalid_fields`, with `not_allowed` when the
    partner lacks this capability, and with `no_manager`.
    """
    partner = partner_who_may(Capability.CONSULTATION)
    wanted = Consultation(
        reference=json_data["reference"],
        program=json_data["program"],
        told={key: json_data[key] for key in TOLD},
        planned_facilities=tuple(json_data["planned_facilities"]),
    )
    return receive_consultation(partner, wanted)


@cases.post("/applications")
@cases.input(ApplicationIn)
@cases.output(ReceivedCaseOut, status_code=201)
@cases.doc(summary="代客户提交用水申请，客户在手机上确认")
def submit_application(json_data: dict[str, Any]) -> Any:
    """Receives an application that a customer filled in on the partner's platform.

    The customer confirms it on the phone. The `reference` of an earlier consultation completes the form of
    that case. The same `reference` again returns the same case. Refused with `invalid_fields`, with
    `unknown_program`, with `conflict` when the consultation was for another program, and with `not_allowed`.
    """
    partner = partner_who_may(Capability.APPLICATION)
    return apply_for_customer(partner, json_data["reference"], json_data["program"], json_data["answers"])


@cases.get("/cases/<string(length=14):number>/progress")
@cases.output(PartnerProgressOut)
@cases.doc(summary="查询本平台转来业务的进度")
def read_progress(number: str) -> dict[str, Any]:
    """Returns the progress of a case that this partner brought in.

    No personal data. Refused with `not_found` for any other case, and with `not_allowed` when the partner
    lacks this capability.
    """
    return partner_cases.progress_of(partner_who_may(Capability.PROGRESS), number)
