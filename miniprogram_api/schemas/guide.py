"""The public guide (办事指南)."""

from apiflask.fields import Boolean, Integer, List, Nested, String

from miniprogram_api.schemas.customer import ProgramNameOut
from miniprogram_api.schemas.fields import BaseSchema, Number


class GuideSpanOut(BaseSchema):
    """A published range of working days.

    null where the city's plan gives no number.
    """

    min = Number(required=True, allow_none=True)
    max = Number(required=True, allow_none=True)


class GuideHeadlineOut(BaseSchema):
    """The headline promise."""

    links = Integer(required=True, metadata={"description": "Number of 环节"})
    working_days = Number(required=True)
    documents = Integer(required=True, metadata={"description": "Number of documents asked of the customer"})


class GuideStageOut(BaseSchema):
    """A stage as the guide publishes it, with its promised working days."""

    key = String(required=True)
    name = String(required=True)
    kind = String(
        required=True, metadata={"description": "promised, information, approval, return_visit or after_work"}
    )
    min = Number(required=True, allow_none=True)
    max = Number(required=True, allow_none=True)
    same_day = Boolean(required=True)
    departments = List(String(), required=True)


class GuideProgramOut(BaseSchema):
    """A program of the public guide (办事指南)."""

    key = String(required=True)
    name = String(required=True)
    headline = Nested(GuideHeadlineOut, required=True, allow_none=True)
    total = Nested(
        GuideSpanOut, required=True, metadata={"description": "Published working days of the whole process"}
    )
    stages = List(Nested(GuideStageOut), required=True)
    stop_reasons = List(
        Nested(ProgramNameOut),
        required=True,
        metadata={"description": "The reasons for which the clock may pause"},
    )
    documents = List(String(), required=True)
    source = String(required=True, metadata={"description": "The part of the city's plan that promises this"})


class GuideOut(BaseSchema):
    """All programs of this city."""

    programs = List(Nested(GuideProgramOut), required=True)
    city = String(required=True)
    hotline = String(required=True)
