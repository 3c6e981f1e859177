"""Requests and answers for partner platforms."""

from typing import Any

from apiflask.fields import Boolean, Dict, Float, List, Nested, String
from marshmallow import ValidationError, validates_schema

from app.domain.errors import FieldsError
from app.services.partners import receive_consultation
from miniprogram_api.schemas.customer import LookupOut
from miniprogram_api.schemas.fields import BaseSchema, Moment, counted, text

_REFERENCE = 64


class PointIn(BaseSchema):
    """A place in degrees, GCJ-02."""

    latitude_gcj02 = Float(required=True, metadata={"example": 36.66})
    longitude_gcj02 = Float(required=True, metadata={"example": 117.02})


class ConsultationIn(BaseSchema):
    """A consultation on a building project (设计方案意见征询).

    `reference` is the partner's own number; it identifies the project for good.
    """

    reference = text(_REFERENCE, example="JN-2026-000123")
    program = text(64, example="residential")
    project_name = text(200, example="泉城演示花园")
    organisation = text(200, example="泉城演示置业有限公司")
    contact_name = text(200, example="钱多多")
    contact_phone = text(64, example="13800000001")
    district = text(64, example="lixia")
    address = text(200, example="演示路1号")
    location = Nested(PointIn, required=True)
    planned_facilities = List(
        text(200, example="二次供水泵房一座"),
        required=True,
        validate=counted(1, 20),
        metadata={"description": "Water facilities in the design, 1 to 20"},
    )

    @validates_schema(skip_on_field_errors=False)
    def check_by_form(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Check the fields by the program's form as well, so that all faults are listed at once."""
        faults: dict[str, list[str]] = {}
        program = data.get("program", "")
        if program and program not in receive_consultation.programs():
            faults["program"] = ["该业务类型不受理设计方案意见征询，请核对业务类型。"]
        try:
            answers = {key: data[key] for key in receive_consultation.TOLD if key in data}
            receive_consultation.check_fields(program, answers)
        except FieldsError as refusal:
            for fault in refusal.extra["errors"]:
                faults.setdefault(fault["field"], []).append(fault["message"])
        if faults:
            raise ValidationError(faults)


class ApplicationIn(BaseSchema):
    """The complete application form of a program, filled in on a partner's platform."""

    reference = text(_REFERENCE, example="JN-2026-000124")
    program = text(64, example="single_meter")
    answers = Dict(keys=String(), required=True, metadata={"example": {"project_name": "泉城小铺"}})


class ReceivedCaseOut(BaseSchema):
    """The case that the request opened or completed, and its manager."""

    number = String(required=True)
    reference = String(required=True)
    state = String(required=True)
    repeated = Boolean(
        required=True, metadata={"description": "The reference was known; nothing was changed"}
    )
    due_at = Moment(required=True, allow_none=True, metadata={"description": "When the open stage is due"})
    manager_name = String(required=True)
    manager_phone = String(required=True)


class PartnerProgressOut(LookupOut):
    """The brief progress of a case, with the partner's own reference."""

    reference = String(required=True)
