"""Ends and turns of a case, its water plan, and who is awaited: what people send and get."""

from apiflask.fields import Boolean, Float, Integer, List, Nested, Raw, String

from miniprogram_api.schemas.customer import LedgerOut, ProgressOut
from miniprogram_api.schemas.fields import BaseSchema, Moment, text, within

_WORDS = 500


def _version() -> Integer:
    """What the caller saw: somebody else's edit since then answers 409 and says what changed."""
    return Integer(
        required=True,
        strict=True,
        validate=within(0, 2**53),
        metadata={"description": "页面所示的版本号；其间有他人更新则返回409和变化内容"},
    )


class WithdrawalIn(BaseSchema):
    """A customer owes no reason."""

    reason = text(_WORDS, required=False)


class StaffWithdrawalIn(BaseSchema):
    """On the customer's wish: how they made it known."""

    version = _version()
    reason = text(_WORDS, example="客户电话告知暂缓建设")


class RefusalIn(BaseSchema):
    """A coded reason of the city, and what to tell the customer besides."""

    version = _version()
    reason = text(64, example="arrears")
    words = text(200, required=False)


class HandOverIn(BaseSchema):
    """The new manager's staff number, and what they have to know."""

    version = _version()
    manager_number = text(64, example="G002")
    summary = text(_WORDS, example="客户周三在现场，图纸待审定")


class SendBackIn(BaseSchema):
    """The stage to be done again, and why; the customer is told."""

    version = _version()
    stage = text(64, example="design")
    reason = text(200, example="现场管位与图纸不符")


class CorrectionIn(BaseSchema):
    """One entry of a task that is done, its right value, and why; `version` is the task's."""

    version = _version()
    field = text(64, example="main_material")
    value = Raw(required=True, allow_none=True)
    why = text(_WORDS, example="现场核实为钢管")


class RefusalReasonOut(BaseSchema):
    """A reason for which an application may be refused."""

    key = String(required=True)
    name = String(required=True)
    advice = String(required=True)
    needs_supervisor = Boolean(required=True)


class RefusalReasonsOut(BaseSchema):
    """Every reason of this city."""

    items = List(Nested(RefusalReasonOut), required=True)


class CaseChangeOut(BaseSchema):
    """A turn of a case: who, when, why, and what it changed."""

    id = String(required=True)
    at = Moment(required=True)
    kind = String(required=True)
    actor = String(required=True)
    reason = String(required=True)
    advice = String(required=True)
    was = String(required=True)
    now = String(required=True)


class CaseChangesOut(BaseSchema):
    """Every turn of a case, in order."""

    items = List(Nested(CaseChangeOut), required=True)


class PlaceIn(BaseSchema):
    """Where the phone was (GCJ-02, as WeChat gives it)."""

    latitude_gcj02 = Float(required=True, validate=within(-90, 90))
    longitude_gcj02 = Float(required=True, validate=within(-180, 180))


class PlanConfirmationIn(BaseSchema):
    """Agreement to the plan that was shown, with the place."""

    version = _version()
    location = Nested(PlaceIn, required=True)


class PlanItemOut(BaseSchema):
    """One recorded value."""

    key = String(required=True)
    name = String(required=True)
    value = String(required=True)


class PlanOut(BaseSchema):
    """The water plan: the mains around, what was fixed, and the customer's word on it."""

    survey = List(Nested(PlanItemOut), required=True)
    plan = List(Nested(PlanItemOut), required=True)
    version = Integer(required=True, allow_none=True)
    confirmed_at = Moment(required=True, allow_none=True)
    agreed = List(Nested(PlanItemOut), required=True)


class StaffPlanOut(PlanOut):
    """The same with the place where the customer agreed."""

    location = Nested(PlaceIn, required=True, allow_none=True)


class OpenTaskOut(BaseSchema):
    """A task that is waited for; `holder` is null while it is in the department's queue."""

    id = String(required=True)
    key = String(required=True)
    name = String(required=True)
    department = String(required=True)
    holder = String(required=True, allow_none=True)
    since = Moment(required=True)
    due_at = Moment(required=True, allow_none=True)
    overdue = Boolean(required=True)


class OpenStageOut(BaseSchema):
    """An open stage: how many of its tasks are done, and who is awaited for the others."""

    key = String(required=True)
    name = String(required=True)
    round = Integer(required=True)
    due_at = Moment(required=True, allow_none=True)
    done = Integer(required=True)
    tasks = List(Nested(OpenTaskOut), required=True)


class StaffProgressOut(ProgressOut):
    """What the customer sees, with who is awaited and the version that an edit has to name."""

    version = Integer(required=True)
    awaited = List(Nested(OpenStageOut), required=True)


class StaffLedgerOut(LedgerOut):
    """The ledger with what the utility bore in the customer's stead."""

    utility_cost_fen = Integer(required=True)
