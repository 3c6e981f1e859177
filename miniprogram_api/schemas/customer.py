"""Requests and answers for customers."""

from apiflask.fields import Boolean, Dict, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, one_of, text, within

_LONGEST_CODE = 512


class LoginIn(BaseSchema):
    """The code of wx.login."""

    code = text(_LONGEST_CODE, example="0a1b2c")


class TokenOut(BaseSchema):
    """A login.

    Send the token as `Authorization: Bearer …`.
    """

    token = String(required=True)
    expires_at = Moment(required=True)
    phone_verified = Boolean(required=True)
    privacy_accepted = Boolean(required=True)


class PrivacyOut(BaseSchema):
    """The privacy policy in force."""

    version = String(required=True)
    title = String(required=True)
    text = String(required=True)


class ConsentIn(BaseSchema):
    """The version of the privacy policy that the customer has read."""

    version = text(64, example="2026-01")


class ConsentOut(BaseSchema):
    """The recorded consent."""

    version = String(required=True)
    accepted_at = Moment(required=True)


class PhoneIn(BaseSchema):
    """The code of the phone-number button (not the code of wx.login)."""

    code = text(_LONGEST_CODE)


class PhoneOut(BaseSchema):
    """The verified phone number, masked."""

    phone = String(required=True)


class TakeOverIn(BaseSchema):
    """The number of one of the cases, and the contact's name on its application."""

    number = text(14, shortest=14, example="26112212345678")
    contact_name = text(50, example="钱多多")


class TakenOverOut(BaseSchema):
    """The cases that are this account's now."""

    case_ids = List(String(), required=True)


class DraftIn(BaseSchema):
    """The program to apply for."""

    program = text(64, example="single_meter")


class AnswersIn(BaseSchema):
    """Answers by field key.

    An answer of null removes the earlier one.
    """

    answers = Dict(keys=String(), required=True, metadata={"example": {"project_name": "泉城小铺"}})


class CaseReferenceOut(BaseSchema):
    """The case that an application opened."""

    id = String(required=True)
    number = String(required=True)


class ApplicationOut(BaseSchema):
    """An application with the source of each answer."""

    id = String(required=True)
    program = String(required=True)
    answers = Dict(required=True)
    sources = Dict(
        keys=String(),
        values=String(),
        required=True,
        metadata={"description": "Field key to where its answer came from"},
    )
    updated_at = Moment(required=True)
    case = Nested(
        CaseReferenceOut, required=True, allow_none=True, metadata={"description": "null before submission"}
    )


class ManagerOut(BaseSchema):
    """The customer's manager (客户管家)."""

    name = String(required=True)
    number = String(required=True, metadata={"description": "Staff number"})
    phone = String(required=True)
    photo_url = String(required=True)


class ProgramNameOut(BaseSchema):
    """Key and name."""

    key = String(required=True)
    name = String(required=True)


class ResponsiblePartyOut(BaseSchema):
    """Who has to act now."""

    party = String(required=True, metadata={"description": "customer, authority or utility"})
    name = String(required=True)


class ClockOut(BaseSchema):
    """Whether the clock is paused, and why."""

    stopped = Boolean(required=True)
    reason = String(required=True, allow_none=True)
    since = String(required=True, allow_none=True)


class StageOut(BaseSchema):
    """A stage: promised, used and paused working days as decimal strings."""

    key = String(required=True)
    name = String(required=True)
    kind = String(
        required=True, metadata={"description": "promised, information, approval, return_visit or after_work"}
    )
    state = String(required=True)
    departments = List(String(), required=True)
    promised_min = String(required=True, allow_none=True)
    promised_max = String(required=True, allow_none=True)
    same_day = Boolean(required=True)
    used = String(required=True)
    stopped = String(
        required=True, metadata={"description": "Working days during which the clock was paused"}
    )
    opened_at = String(required=True, allow_none=True)
    due_at = String(required=True, allow_none=True)
    provisional = Boolean(
        required=True,
        metadata={"description": "The due date may move: holidays of a year are not announced yet"},
    )
    completed_at = String(required=True, allow_none=True)


class HeadlineOut(BaseSchema):
    """The headline promise: some 环节 within a number of working days."""

    name = String(required=True)
    links = Integer(required=True, metadata={"description": "Number of 环节"})
    working_days = String(required=True, metadata={"description": "Promised, decimal string"})
    used = String(required=True, metadata={"description": "Working days, decimal string"})
    left = String(
        required=True, metadata={"description": "Working days, decimal string; negative when overdue"}
    )


class FullProcessOut(BaseSchema):
    """The working days of the whole process beside the published total, as decimal strings."""

    min = String(required=True, allow_none=True)
    max = String(required=True, allow_none=True)
    used = String(required=True)


class ProgressOut(BaseSchema):
    """The progress of a case."""

    id = String(required=True)
    number = String(required=True)
    program = Nested(ProgramNameOut, required=True)
    project_name = String(required=True)
    state = String(required=True, metadata={"description": "open, closed, withdrawn or refused"})
    opened_at = String(required=True)
    confirmed = Boolean(
        required=True, metadata={"description": "Whether the customer has confirmed the application"}
    )
    water_on_at = String(required=True, allow_none=True)
    closed_at = String(required=True, allow_none=True)
    rating = Integer(required=True, allow_none=True)
    manager = Nested(ManagerOut, required=True)
    whose_turn = Nested(ResponsiblePartyOut, required=True, metadata={"description": "Who has to act now"})
    next_action = String(required=True, metadata={"description": "What comes next, a sentence in Chinese"})
    clock = Nested(ClockOut, required=True)
    stages = List(Nested(StageOut), required=True)
    headline = Nested(
        HeadlineOut,
        required=True,
        allow_none=True,
        metadata={"description": "null for a program without a headline promise"},
    )
    full_process = Nested(FullProcessOut, required=True)
    calendar_version = String(
        required=True, metadata={"description": "The working calendar behind the figures"}
    )


class LookupIn(BaseSchema):
    """A case number and the last four digits of the contact phone."""

    number = text(14, shortest=14, example="26112212345678")
    phone_last_digits = text(4, shortest=4, example="8000")


class LookupStageOut(BaseSchema):
    """A stage, in brief."""

    name = String(required=True)
    state = String(required=True)


class LookupOut(BaseSchema):
    """The brief progress of a case, without personal data."""

    number = String(required=True)
    program = String(required=True)
    state = String(required=True, metadata={"description": "open, closed, withdrawn or refused"})
    whose_turn = String(
        required=True, metadata={"description": "Who has to act now: customer, authority or utility"}
    )
    next_action = String(required=True)
    stages = List(Nested(LookupStageOut), required=True)
    manager_name = String(required=True, metadata={"description": "Masked"})


class RatingIn(BaseSchema):
    """A rating from 1 (poor) to 5 (very good)."""

    rating = Integer(required=True, strict=True, validate=within(1, 5))
    remark = text(200, required=False)


class LedgerEntryOut(BaseSchema):
    """One thing that was asked of the customer."""

    at = Moment(required=True)
    kind = String(required=True, metadata={"description": "document, trip, payment_fen or utility_cost_fen"})
    quantity = Integer(
        required=True, metadata={"description": "Number of documents or trips, or an amount in fen"}
    )
    what = String(required=True)


class LedgerOut(BaseSchema):
    """The customer's ledger: everything that was asked, with its totals. Amounts are in fen."""

    documents = Integer(required=True)
    trips = Integer(required=True)
    payment_fen = Integer(required=True)
    entries = List(Nested(LedgerEntryOut), required=True)


class SubscriptionsPageIn(BaseSchema):
    """The page on which the customer is about to tap.

    Some templates are offered on their own page only.
    """

    page = String(load_default="", validate=one_of("", "visit", "talk"))


_ANSWERS = ("accept", "acceptWithAudio", "acceptWithAlert", "reject", "ban", "filter")


class SubscriptionsIn(BaseSchema):
    """The answer of wx.requestSubscribeMessage: template key to WeChat's word for what was chosen."""

    choices = Dict(keys=String(), values=String(validate=one_of(*_ANSWERS)), required=True)
