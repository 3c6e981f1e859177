"""Documents coming in and going out."""

from apiflask.fields import Boolean, File, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, text


class UploadIn(BaseSchema):
    """A file and what it is."""

    kind = text(64, example="site_photo")
    file = File(required=True)  # type: ignore[no-untyped-call]


class DocumentOut(BaseSchema):
    """A document; `withheld`: WeChat's content check calls it risky, so that nobody can open it."""

    id = String(required=True)
    kind = String(required=True)
    kind_name = String(required=True)
    name = String(required=True)
    media_type = String(required=True)
    size = Integer(required=True)
    sha256 = String(required=True)
    brought_by = String(required=True)
    created_at = Moment(required=True)
    withheld = Boolean(required=True)


class RequestedDocumentOut(BaseSchema):
    """A document the customer was asked for."""

    key = String(required=True)
    name = String(required=True)
    asked_at = Moment(required=True)
    delivered = Boolean(required=True)


class DocumentsOut(BaseSchema):
    """The documents of a case, and those that were asked for."""

    items = List(Nested(DocumentOut), required=True)
    asked = List(Nested(RequestedDocumentOut), required=True)


class LinkOut(BaseSchema):
    """An address that works for five minutes."""

    path = String(required=True)
    expires_at = Moment(required=True)


class DocumentRequestIn(BaseSchema):
    """Which document of the program's list to ask the customer for."""

    document = text(64, example="project_drawings")
