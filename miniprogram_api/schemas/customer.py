"""What customers send and get."""

from apiflask.fields import Boolean, Dict, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, Number, one_of, text, within

_LONGEST_CODE = 512


class LoginIn(BaseSchema):
    """The code of wx.login."""

    code = text(_LONGEST_CODE, example="0a1b2c")


class TokenOut(BaseSchema):
    """A login: send the token as `Authorization: Bearer …`."""

    token = String(required=True)
    expires_at = Moment(required=True)
    phone_verified = Boolean(required=True)
    privacy_accepted = Boolean(required=True)


class PrivacyOut(BaseSchema):
    """The privacy text in force."""

    version = String(required=True)
    title = String(required=True)
    text = String(required=True)


class ConsentIn(BaseSchema):
    """The version of the privacy text that was read."""

    version = text(64, example="2026-01")


class ConsentOut(BaseSchema):
    """The recorded consent."""

    version = String(required=True)
    accepted_at = Moment(required=True)


class PhoneIn(BaseSchema):
    """The code of the phone-number button (not the login code)."""

    code = text(_LONGEST_CODE)


class PhoneOut(BaseSchema):
    """The verified phone, masked."""

    phone = String(required=True)


class DraftIn(BaseSchema):
    """Which program is applied for."""

    program = text(64, example="single_meter")


class AnswersIn(BaseSchema):
    """Answers by field key; null takes one back."""

    answers = Dict(keys=String(), required=True, metadata={"example": {"project_name": "泉城小铺"}})


class CaseReferenceOut(BaseSchema):
    """The case that an application became."""

    id = String(required=True)
    number = String(required=True)


class ApplicationOut(BaseSchema):
    """A form in the making, with the source of each answer."""

    id = String(required=True)
    program = String(required=True)
    answers = Dict(required=True)
    sources = Dict(keys=String(), values=String(), required=True)
    updated_at = Moment(required=True)
    case = Nested(CaseReferenceOut, required=True, allow_none=True)


class ManagerOut(BaseSchema):
    """The customer's one named person."""

    name = String(required=True)
    number = String(required=True)
    phone = String(required=True)
    photo_url = String(required=True)


class ProgramNameOut(BaseSchema):
    """A program's key and name."""

    key = String(required=True)
    name = String(required=True)


class ResponsiblePartyOut(BaseSchema):
    """Who holds the case now."""

    party = String(required=True)
    name = String(required=True)


class ClockOut(BaseSchema):
    """Whether the clock stands still, and why."""

    stopped = Boolean(required=True)
    reason = String(required=True, allow_none=True)
    since = String(required=True, allow_none=True)


class StageOut(BaseSchema):
    """A stage: promised, used and stopped working days as decimal strings.

    `provisional`: the due date depends on a year whose holidays are not announced yet, and may move.
    """

    key = String(required=True)
    name = String(required=True)
    kind = String(required=True)
    state = String(required=True)
    departments = List(String(), required=True)
    promised_min = String(required=True, allow_none=True)
    promised_max = String(required=True, allow_none=True)
    same_day = Boolean(required=True)
    used = String(required=True)
    stopped = String(required=True)
    opened_at = String(required=True, allow_none=True)
    due_at = String(required=True, allow_none=True)
    provisional = Boolean(required=True)
    completed_at = String(required=True, allow_none=True)


class HeadlineOut(BaseSchema):
    """The headline promise: two 环节 in so many working days."""

    name = String(required=True)
    links = Integer(required=True)
    working_days = String(required=True)
    used = String(required=True)
    left = String(required=True)


class FullProcessOut(BaseSchema):
    """The full-process figure beside its published total."""

    min = String(required=True, allow_none=True)
    max = String(required=True, allow_none=True)
    used = String(required=True)


class ProgressOut(BaseSchema):
    """Everything the owner may know of a case."""

    id = String(required=True)
    number = String(required=True)
    program = Nested(ProgramNameOut, required=True)
    project_name = String(required=True)
    state = String(required=True)
    opened_at = String(required=True)
    confirmed = Boolean(required=True)
    water_on_at = String(required=True, allow_none=True)
    closed_at = String(required=True, allow_none=True)
    rating = Integer(required=True, allow_none=True)
    manager = Nested(ManagerOut, required=True)
    whose_turn = Nested(ResponsiblePartyOut, required=True)
    next_action = String(required=True)
    clock = Nested(ClockOut, required=True)
    stages = List(Nested(StageOut), required=True)
    headline = Nested(HeadlineOut, required=True, allow_none=True)
    full_process = Nested(FullProcessOut, required=True)
    calendar_version = String(required=True)


class LookupIn(BaseSchema):
    """What anyone needs to ask after a case."""

    number = text(14, shortest=14, example="26112212345678")
    phone_last_digits = text(4, shortest=4, example="8000")


class LookupStageOut(BaseSchema):
    """A stage, in brief."""

    name = String(required=True)
    state = String(required=True)


class LookupOut(BaseSchema):
    """The little that anyone may know."""

    number = String(required=True)
    program = String(required=True)
    state = String(required=True)
    whose_turn = String(required=True)
    next_action = String(required=True)
    stages = List(Nested(LookupStageOut), required=True)
    manager_name = String(required=True)


class RatingIn(BaseSchema):
    """A rating from 1 (poor) to 5 (very good)."""

    rating = Integer(required=True, strict=True, validate=within(1, 5))
    remark = text(200, required=False)


class LedgerEntryOut(BaseSchema):
    """One thing asked of the customer."""

    at = Moment(required=True)
    kind = String(required=True)
    quantity = Integer(required=True)
    what = String(required=True)


class LedgerOut(BaseSchema):
    """The zero-paper ledger: what was asked, and its sums."""

    documents = Integer(required=True)
    trips = Integer(required=True)
    payment_fen = Integer(required=True)
    entries = List(Nested(LedgerEntryOut), required=True)


class SubscriptionsPageIn(BaseSchema):
    """The page on which the customer is about to tap: some messages are asked for on their own page only."""

    page = String(load_default="", validate=one_of("", "visit", "talk"))


class SubscriptionsIn(BaseSchema):
    """What wx.requestSubscribeMessage answered: template key to accept or reject."""

    choices = Dict(
        keys=String(), values=String(validate=one_of("accept", "reject", "ban", "filter")), required=True
    )


class GuideSpanOut(BaseSchema):
    """A published span of working days; null where the plan gives no number."""

    min = Number(required=True, allow_none=True)
    max = Number(required=True, allow_none=True)


class GuideHeadlineOut(BaseSchema):
    """The headline promise."""

    links = Integer(required=True)
    working_days = Number(required=True)
    documents = Integer(required=True)


class GuideStageOut(BaseSchema):
    """A stage as the guide publishes it."""

    key = String(required=True)
    name = String(required=True)
    kind = String(required=True)
    min = Number(required=True, allow_none=True)
    max = Number(required=True, allow_none=True)
    same_day = Boolean(required=True)
    departments = List(String(), required=True)


class GuideProgramOut(BaseSchema):
    """A program of the public guide (办事指南)."""

    key = String(required=True)
    name = String(required=True)
    headline = Nested(GuideHeadlineOut, required=True, allow_none=True)
    total = Nested(GuideSpanOut, required=True)
    stages = List(Nested(GuideStageOut), required=True)
    stop_reasons = List(Nested(ProgramNameOut), required=True)
    documents = List(String(), required=True)
    source = String(required=True)


class GuideOut(BaseSchema):
    """Every program of this city."""

    programs = List(Nested(GuideProgramOut), required=True)
    city = String(required=True)
    hotline = String(required=True)
