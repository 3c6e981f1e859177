"""Changes of a case, its water plan, and its open tasks."""

from apiflask.fields import Boolean, Float, Integer, List, Nested, Raw, String

from miniprogram_api.schemas.customer import LedgerOut, ProgressOut
from miniprogram_api.schemas.fields import BaseSchema, Moment, text, within

_WORDS = 500


def _version() -> Integer:
    """The version that the caller saw. A newer version is answered with 409 and what has changed."""
    return Integer(
        required=True,
        strict=True,
        validate=within(0, 2**53),
        metadata={"description": "The version shown; a newer one is refused (409) and listed"},
    )


class WithdrawalIn(BaseSchema):
    """The customer's reason for withdrawing; optional."""

    reason = text(_WORDS, required=False)


class StaffWithdrawalIn(BaseSchema):
    """The customer's request to withdraw, as staff received it."""

    version = _version()
    reason = text(_WORDS, example="客户电话告知暂缓建设", description="How the customer asked for it")


class RefusalIn(BaseSchema):
    """One of the city's refusal reasons, and a text for the customer."""

    version = _version()
    reason = text(64, example="arrears", description="Key from `GET /staff/refusal-reasons`")
    words = text(200, required=False, description="Additional text for the customer")


class HandOverIn(BaseSchema):
    """The new manager's staff number, and a summary for them."""

    version = _version()
    manager_number = text(64, example="G002")
    summary = text(_WORDS, example="客户周三在现场，图纸待审定")


class SendBackIn(BaseSchema):
    """The completed stage to reopen, and the reason. The customer reads the reason."""

    version = _version()
    stage = text(64, example="design")
    reason = text(200, example="现场管位与图纸不符")


class CorrectionIn(BaseSchema):
    """The right value of one output of a completed task, and the reason.

    `version` is that of the task.
    """

    version = _version()
    field = text(64, example="main_material")
    value = Raw(
        required=True,
        allow_none=True,
        metadata={"description": "The right value; its type depends on the output"},
    )
    why = text(_WORDS, example="现场核实为钢管")


class RefusalReasonOut(BaseSchema):
    """A reason for which an application may be refused."""

    key = String(required=True)
    name = String(required=True)
    advice = String(required=True, metadata={"description": "What the customer can do about it"})
    needs_supervisor = Boolean(
        required=True, metadata={"description": "Whether only a supervisor may use it"}
    )


class RefusalReasonsOut(BaseSchema):
    """All refusal reasons of this city."""

    items = List(Nested(RefusalReasonOut), required=True)


class CaseChangeOut(BaseSchema):
    """A change of a case: who made it, when, why, and what it changed."""

    id = String(required=True)
    at = Moment(required=True)
    kind = String(
        required=True,
        metadata={"description": "withdrawn, refused, handed_over, sent_back, program_changed or corrected"},
    )
    actor = String(required=True)
    reason = String(required=True)
    advice = String(required=True, metadata={"description": "What the customer can do next; may be empty"})
    was = String(required=True, metadata={"description": "The value before; may be empty"})
    now = String(required=True, metadata={"description": "The value after; may be empty"})


class CaseChangesOut(BaseSchema):
    """All changes of a case, in order."""

    items = List(Nested(CaseChangeOut), required=True)


class PlaceIn(BaseSchema):
    """The position of the phone in degrees, GCJ-02 as WeChat gives it."""

    latitude_gcj02 = Float(required=True, validate=within(-90, 90))
    longitude_gcj02 = Float(required=True, validate=within(-180, 180))


class PlanConfirmationIn(BaseSchema):
    """The customer's agreement to the water plan that was shown, with the place."""

    version = _version()
    location = Nested(PlaceIn, required=True)


class PlanRefusalIn(BaseSchema):
    """That the customer does not agree to the water plan that was shown, and why."""

    version = _version()
    reason = text(500, example="客户希望从北侧道路接入。")


class PlanItemOut(BaseSchema):
    """One value of the water plan."""

    key = String(required=True)
    name = String(required=True)
    value = String(required=True)


class PlanOut(BaseSchema):
    """The water plan of a case.

    `survey` are the pipes found on site, `plan` the values fixed there, `agreed` those that the customer
    confirmed.
    """

    survey = List(Nested(PlanItemOut), required=True)
    plan = List(Nested(PlanItemOut), required=True)
    version = Integer(
        required=True,
        allow_none=True,
        metadata={"description": "To be sent with the confirmation; null while no plan is fixed"},
    )
    confirmed_at = Moment(required=True, allow_none=True)
    agreed = List(Nested(PlanItemOut), required=True)
    refused_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When it was recorded that the customer does not agree to this plan"},
    )
    refusal_reason = String(required=True, allow_none=True)


class StaffPlanOut(PlanOut):
    """The water plan with the place where the customer confirmed it."""

    location = Nested(PlaceIn, required=True, allow_none=True)


class OpenTaskOut(BaseSchema):
    """An open task and who holds it."""

    id = String(required=True)
    key = String(required=True)
    name = String(required=True)
    department = String(required=True)
    holder = String(
        required=True,
        allow_none=True,
        metadata={"description": "null while nobody in the department has claimed it"},
    )
    since = Moment(required=True, metadata={"description": "When the task was opened"})
    due_at = Moment(required=True, allow_none=True)
    overdue = Boolean(required=True)


class OpenStageOut(BaseSchema):
    """An open stage with its open tasks."""

    key = String(required=True)
    name = String(required=True)
    round = Integer(
        required=True, metadata={"description": "1 the first time, one more each time the stage is reopened"}
    )
    due_at = Moment(required=True, allow_none=True)
    done = Integer(required=True, metadata={"description": "Number of completed tasks"})
    tasks = List(Nested(OpenTaskOut), required=True)


class StaffProgressOut(ProgressOut):
    """The progress that the customer sees, with the open tasks.

    `version` is sent with a change of the case.
    """

    version = Integer(required=True)
    awaited = List(
        Nested(OpenStageOut), required=True, metadata={"description": "Open stages and who holds their tasks"}
    )


class StaffLedgerOut(LedgerOut):
    """The customer's ledger, and what the utility paid instead of the customer."""

    utility_cost_fen = Integer(required=True)
