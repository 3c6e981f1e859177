"""What staff send and get."""

from apiflask.fields import Boolean, Dict, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, one_of, text
from miniprogram_api.schemas.promises import PastMoment
from miniprogram_api.schemas.shared import CaseSummaryOut, ChoiceOut, PageIn

_LONGEST_CODE = 512


class StaffLoginIn(BaseSchema):
    """The code of wx.login; the first time also the code of the phone-number button."""

    code = text(_LONGEST_CODE)
    phone_code = text(_LONGEST_CODE, required=False)


class StaffTokenOut(BaseSchema):
    """A login of a member of staff."""

    token = String(required=True)
    expires_at = Moment(required=True)
    name = String(required=True)
    number = String(required=True)
    department = String(required=True)
    is_manager = Boolean(required=True)
    is_supervisor = Boolean(required=True)


class TaskListIn(PageIn):
    """Whose tasks: mine, or those of my department that nobody has taken."""

    scope = String(load_default="mine", validate=one_of("mine", "department"))


class ContactOut(BaseSchema):
    """A customer's contact data; masked in lists, in full only where the read is recorded."""

    name = String(required=True)
    phone = String(required=True)
    address = String(required=True)


class CaseSearchIn(PageIn):
    """What to find cases by: one of the two, in full."""

    number = text(14, shortest=14, required=False, example="26112212345678")
    phone = text(32, required=False)


class FoundCaseOut(CaseSummaryOut):
    """A case that was found; the contact masked, `version` as an edit has to name it."""

    contact = Nested(ContactOut, required=True)
    version = Integer(required=True)


class FoundCasesOut(BaseSchema):
    """A page of cases, the newest first."""

    items = List(Nested(FoundCaseOut), required=True)
    cursor = String(required=True, allow_none=True)


class TaskOutputOut(BaseSchema):
    """Something a task must deliver."""

    key = String(required=True)
    name = String(required=True)
    kind = String(required=True)
    required = Boolean(required=True)
    choices = List(Nested(ChoiceOut), required=True)
    help = String(required=True)


class TaskDocumentOut(BaseSchema):
    """Photos, drawings or papers that a task needs, and how many of them are there."""

    kind = String(required=True)
    name = String(required=True)
    at_least = Integer(required=True)
    there = Integer(required=True)


class TaskOut(BaseSchema):
    """A task with what it must deliver."""

    id = String(required=True)
    key = String(required=True)
    name = String(required=True)
    duty = String(required=True)
    stage_name = String(required=True)
    round = Integer(required=True)
    case_id = String(required=True)
    case_number = String(required=True)
    project_name = String(required=True)
    contact = Nested(ContactOut, required=True)
    department = String(required=True)
    assignee_name = String(required=True, allow_none=True)
    mine = Boolean(required=True)
    state = String(required=True)
    opened_at = Moment(required=True)
    due_at = Moment(required=True, allow_none=True)
    overdue = Boolean(required=True)
    version = Integer(required=True)
    outputs = List(Nested(TaskOutputOut), required=True)
    documents = List(Nested(TaskDocumentOut), required=True)
    delivered = Dict(required=True, allow_none=True)


class TaskPageOut(BaseSchema):
    """A page of tasks, the most urgent first."""

    items = List(Nested(TaskOut), required=True)
    cursor = String(required=True, allow_none=True)


class TasksOut(BaseSchema):
    """Every task of a case."""

    items = List(Nested(TaskOut), required=True)


class OutputsIn(BaseSchema):
    """What a task delivers, by output key."""

    outputs = Dict(keys=String(), required=True, metadata={"example": {}})
    version = Integer(strict=True, metadata={"description": "任务的版本号；其间有更新则返回409和变化内容"})


class StopIn(BaseSchema):
    """Why time does not count: a coded reason, whose time it is, and what shows it.

    With its times only by a supervisor, for a stop that is entered afterwards.
    """

    reason = text(64, example="road_permit")
    party = String(required=True, validate=one_of("customer", "authority", "utility"))
    evidence = text(500, example="交警支队受理单，11月24日递交")
    started_at = PastMoment(required=False)
    ended_at = PastMoment(required=False)


class StopOut(BaseSchema):
    """A stop of the clock."""

    id = String(required=True)
    reason = String(required=True)
    party = String(required=True)
    evidence = String(required=True)
    started_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)
    automatic = Boolean(required=True)


class StaffDraftIn(BaseSchema):
    """A form filled in for a customer, at the door or by telephone."""

    program = text(64, example="single_meter")
    channel = String(required=True, validate=one_of("door", "telephone"))
    answers = Dict(keys=String(), required=True)


class DeliveryAttemptOut(BaseSchema):
    """One attempt; `said` and `errcode_said` are the outcome and WeChat's code in words."""

    at = Moment(required=True)
    channel = String(required=True)
    outcome = String(required=True)
    said = String(required=True)
    errcode = Integer(required=True, allow_none=True)
    errcode_said = String(required=True, allow_none=True)


class SentMessageOut(BaseSchema):
    """A message about a case: what was told, when, through what, what came of it, and each single attempt."""

    id = String(required=True)
    kind = String(required=True)
    title = String(required=True)
    audience = String(required=True)
    channel = String(required=True, allow_none=True)
    state = String(required=True)
    errcode = Integer(required=True, allow_none=True)
    attempts = List(Nested(DeliveryAttemptOut), required=True)
    created_at = Moment(required=True)
    settled_at = Moment(required=True, allow_none=True)


class SentMessagesOut(BaseSchema):
    """Every message about a case."""

    items = List(Nested(SentMessageOut), required=True)
