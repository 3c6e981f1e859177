"""Schemas that several audiences use."""

from apiflask.fields import Boolean, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, text, within

LONGEST_PAGE = 100


class PageIn(BaseSchema):
    """Which page of a list to return."""

    cursor = text(
        64, required=False, description="The `cursor` of the last answer; left out for the first page"
    )
    limit = Integer(load_default=20, validate=within(1, LONGEST_PAGE))


class CaseSummaryOut(BaseSchema):
    """A case in a list."""

    id = String(required=True)
    number = String(required=True)
    program_name = String(required=True)
    project_name = String(required=True)
    state = String(required=True, metadata={"description": "open, closed, withdrawn or refused"})
    opened_at = Moment(required=True)
    manager_name = String(required=True)


class CasePageOut(BaseSchema):
    """A page of cases.

    `cursor` is null on the last page.
    """

    items = List(Nested(CaseSummaryOut), required=True)
    cursor = String(required=True, allow_none=True)


class TimelineEventOut(BaseSchema):
    """One event of a case."""

    at = Moment(required=True)
    kind = String(required=True)
    text = String(required=True, metadata={"description": "What happened, in Chinese"})
    actor = String(required=True)


class TimelineOut(BaseSchema):
    """A page of the events of a case, in order.

    `cursor` is null on the last page.
    """

    items = List(Nested(TimelineEventOut), required=True)
    cursor = String(required=True, allow_none=True)


class NoticeOut(BaseSchema):
    """An in-app notice."""

    id = String(required=True)
    case_id = String(required=True, allow_none=True)
    kind = String(required=True)
    title = String(required=True)
    body = String(required=True)
    created_at = Moment(required=True)
    read_at = Moment(required=True, allow_none=True)


class NoticesOut(BaseSchema):
    """A page of in-app notices, newest first.

    `cursor` is null on the last page.
    """

    items = List(Nested(NoticeOut), required=True)
    unread = Integer(
        required=True, metadata={"description": "All unread notices, not only those of this page"}
    )
    cursor = String(required=True, allow_none=True)


class TemplateOut(BaseSchema):
    """A subscription-message template to ask the customer for."""

    key = String(required=True)
    template_id = String(required=True, metadata={"description": "For wx.requestSubscribeMessage"})
    title = String(required=True)
    why = String(required=True, metadata={"description": "Sentence to show before asking"})
    remaining = Integer(
        required=True, metadata={"description": "How many messages the customer still accepts"}
    )
    long_term = Boolean(required=True, metadata={"description": "One consent lasts (长期订阅)"})


class SubscriptionsOut(BaseSchema):
    """The templates to ask for next, at most three."""

    templates = List(Nested(TemplateOut), required=True)


class ChoiceOut(BaseSchema):
    """A value to choose, with its name."""

    key = String(required=True)
    name = String(required=True)


class FormFieldOut(BaseSchema):
    """A field of a form."""

    key = String(required=True)
    label = String(required=True)
    kind = String(required=True)
    section = String(required=True, metadata={"description": "Heading under which the field appears"})
    required = Boolean(required=True)
    choices = List(Nested(ChoiceOut), required=True)
    max_length = Integer(required=True, allow_none=True)
    help = String(required=True)


class FormOut(BaseSchema):
    """The application form of a program."""

    key = String(required=True)
    name = String(required=True)
    # "fields" is a word of marshmallow's own.
    form_fields = List(Nested(FormFieldOut), required=True, attribute="fields", data_key="fields")
