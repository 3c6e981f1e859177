"""Requests and answers for staff."""

from apiflask.fields import Boolean, Dict, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, one_of, text, within
from miniprogram_api.schemas.promises import PastMoment
from miniprogram_api.schemas.shared import CaseSummaryOut, ChoiceOut, PageIn

_LONGEST_CODE = 512


class StaffLoginIn(BaseSchema):
    """The code of wx.login; the first time also the code of the phone-number button."""

    code = text(_LONGEST_CODE)
    phone_code = text(_LONGEST_CODE, required=False)


class StaffTokenOut(BaseSchema):
    """A login of a member of staff.

    Send the token as `Authorization: Bearer …`.
    """

    token = String(required=True)
    expires_at = Moment(required=True)
    name = String(required=True)
    number = String(required=True)
    department = String(required=True)
    is_manager = Boolean(required=True)
    is_supervisor = Boolean(required=True)


class TaskListIn(PageIn):
    """Which tasks: the caller's own, or those of the department that nobody has claimed."""

    scope = String(load_default="mine", validate=one_of("mine", "department"))


class ContactOut(BaseSchema):
    """A customer's name, phone number and address.

    Masked in lists; in full only where the read is recorded.
    """

    name = String(required=True)
    phone = String(required=True)
    extension = String(
        required=True,
        allow_none=True,
        metadata={"description": "Dialled after the number; null in lists"},
    )
    country = String(
        required=True, allow_none=True, metadata={"description": "Null for a number of mainland China"}
    )
    address = String(required=True)


class CaseSearchIn(PageIn):
    """What to find cases by: exactly one of number and phone, in full."""

    number = text(14, shortest=14, required=False, example="26112212345678")
    phone = text(32, required=False)


class FoundCaseOut(CaseSummaryOut):
    """A case that was found; the contact is masked.

    `version` is sent with a change of the case.
    """

    contact = Nested(ContactOut, required=True)
    version = Integer(required=True)


class FoundCasesOut(BaseSchema):
    """A page of cases, newest first.

    `cursor` is null on the last page.
    """

    items = List(Nested(FoundCaseOut), required=True)
    cursor = String(required=True, allow_none=True)


class TaskOutputOut(BaseSchema):
    """An output that a task must deliver."""

    key = String(required=True)
    name = String(required=True)
    kind = String(
        required=True,
        metadata={"description": "text, integer, decimal, boolean, choice, datetime, fen, rating or meters"},
    )
    required = Boolean(required=True)
    choices = List(Nested(ChoiceOut), required=True)
    help = String(required=True)
    unit = String(required=True, metadata={"description": "Unit of a number; empty for other kinds"})
    passing = String(
        required=True,
        metadata={"description": "Who may let a value pass that breaks a rule: never, reason or supervisor"},
    )


class TaskDocumentOut(BaseSchema):
    """A kind of document that a task needs, and how many there are."""

    kind = String(required=True)
    name = String(required=True)
    at_least = Integer(required=True)
    there = Integer(required=True, metadata={"description": "How many there are"})


class TaskOut(BaseSchema):
    """A task with the outputs and documents that it needs."""

    id = String(required=True)
    key = String(required=True)
    name = String(required=True)
    duty = String(required=True, metadata={"description": "What has to be done"})
    stage_name = String(required=True)
    round = Integer(
        required=True, metadata={"description": "1 the first time, one more each time the stage is reopened"}
    )
    case_id = String(required=True)
    case_number = String(required=True)
    project_name = String(required=True)
    contact = Nested(ContactOut, required=True, metadata={"description": "Masked"})
    department = String(required=True)
    assignee_name = String(required=True, allow_none=True)
    mine = Boolean(required=True, metadata={"description": "Whether the caller holds it"})
    state = String(required=True, metadata={"description": "open, done or cancelled"})
    opened_at = Moment(required=True)
    due_at = Moment(required=True, allow_none=True)
    overdue = Boolean(required=True)
    version = Integer(required=True)
    outputs = List(Nested(TaskOutputOut), required=True)
    documents = List(Nested(TaskDocumentOut), required=True)
    delivered = Dict(
        required=True,
        allow_none=True,
        metadata={"description": "Outputs by key; null while the task is open"},
    )


class TaskPageOut(BaseSchema):
    """A page of tasks, most urgent first.

    `cursor` is null on the last page.
    """

    items = List(Nested(TaskOut), required=True)
    cursor = String(required=True, allow_none=True)


class TasksOut(BaseSchema):
    """All tasks of a case."""

    items = List(Nested(TaskOut), required=True)


class OutputsIn(BaseSchema):
    """The outputs of a task, by output key."""

    outputs = Dict(keys=String(), required=True, metadata={"example": {}})
    version = Integer(
        strict=True, metadata={"description": "The version shown; a newer one is refused (409) and listed"}
    )


class ContactTryIn(BaseSchema):
    """A try to reach the customer that reached nobody: the way, and the time if it was earlier today."""

    way = text(64, example="phone")
    tried_at = PastMoment(required=False)


class ContactTryOut(BaseSchema):
    """A try to reach the customer."""

    tried_at = Moment(required=True)
    way = String(required=True)
    way_name = String(required=True)
    by_name = String(required=True, metadata={"description": "Who tried"})


class ContactTriesOut(BaseSchema):
    """The tries of a task, oldest first, and how many are needed on how many days."""

    items = List(Nested(ContactTryOut), required=True)
    needed_tries = Integer(required=True)
    needed_days = Integer(required=True)
    ways = List(Nested(ChoiceOut), required=True)
    enough = Boolean(
        required=True, metadata={"description": "Whether the task may end as not having reached the customer"}
    )


class ToldRatingIn(BaseSchema):
    """A rating from 1 (poor) to 5 (very good) that the customer gave by telephone, and their words."""

    rating = Integer(required=True, strict=True, validate=within(1, 5))
    remark = text(200, required=False)


class StopIn(BaseSchema):
    """A clock pause: a reason of the program, who caused it, and evidence.

    With `started_at` it is recorded afterwards, by a supervisor only.
    """

    reason = text(64, example="road_permit")
    party = String(
        required=True,
        validate=one_of("customer", "authority", "utility"),
        metadata={"description": "Who caused it"},
    )
    evidence = text(500, example="交警支队受理单，11月24日递交")
    started_at = PastMoment(required=False)
    ended_at = PastMoment(required=False)


class StopOut(BaseSchema):
    """A clock pause (停钟)."""

    id = String(required=True)
    reason = String(required=True)
    party = String(required=True, metadata={"description": "Who caused it: customer, authority or utility"})
    evidence = String(required=True)
    started_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)
    automatic = Boolean(required=True, metadata={"description": "Started by a task or a permit step"})


class StaffDraftIn(BaseSchema):
    """An application that a manager fills in for a customer."""

    program = text(64, example="single_meter")
    channel = String(
        required=True,
        validate=one_of("door", "telephone"),
        metadata={"description": "On site, or by telephone"},
    )
    answers = Dict(keys=String(), required=True)


class DeliveryAttemptOut(BaseSchema):
    """One attempt to deliver a message."""

    at = Moment(required=True)
    channel = String(required=True, metadata={"description": "subscribe, template, sms or call"})
    outcome = String(required=True)
    said = String(required=True, metadata={"description": "The outcome in Chinese"})
    errcode = Integer(required=True, allow_none=True)
    errcode_said = String(
        required=True, allow_none=True, metadata={"description": "WeChat's error code, explained in Chinese"}
    )


class SentMessageOut(BaseSchema):
    """A message about a case, with every attempt to deliver it."""

    id = String(required=True)
    kind = String(required=True)
    title = String(required=True)
    audience = String(required=True, metadata={"description": "customer or staff"})
    channel = String(
        required=True,
        allow_none=True,
        metadata={"description": "The last channel; digest: the morning message; null: in the app only"},
    )
    state = String(required=True)
    errcode = Integer(required=True, allow_none=True)
    attempts = List(Nested(DeliveryAttemptOut), required=True)
    created_at = Moment(required=True)
    settled_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When its last attempt ended; null while it is under way"},
    )


class SentMessagesOut(BaseSchema):
    """All messages about a case."""

    items = List(Nested(SentMessageOut), required=True)
