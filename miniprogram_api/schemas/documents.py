"""Documents, requests for documents, and download links."""

from apiflask.fields import Boolean, File, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, text


class UploadIn(BaseSchema):
    """A file and its kind."""

    kind = text(64, example="site_photo", description="Key of a document kind of this city")
    file = File(required=True)  # type: ignore[no-untyped-call]


class DocumentOut(BaseSchema):
    """A document of a case."""

    id = String(required=True)
    kind = String(required=True)
    kind_name = String(required=True)
    name = String(required=True)
    media_type = String(required=True)
    size = Integer(required=True, metadata={"description": "In bytes"})
    sha256 = String(required=True)
    brought_by = String(required=True, metadata={"description": "customer or staff"})
    created_at = Moment(required=True)
    withheld = Boolean(
        required=True, metadata={"description": "WeChat's content check found it risky; it can't be opened"}
    )


class RequestedDocumentOut(BaseSchema):
    """A document that the customer was asked for."""

    key = String(required=True)
    name = String(required=True)
    asked_at = Moment(required=True)
    delivered = Boolean(required=True, metadata={"description": "Whether it has been uploaded"})


class DocumentsOut(BaseSchema):
    """The documents of a case, and those that the customer was asked for."""

    items = List(Nested(DocumentOut), required=True)
    asked = List(Nested(RequestedDocumentOut), required=True)


class LinkOut(BaseSchema):
    """A download link that is valid for five minutes."""

    path = String(required=True, metadata={"description": "Path and query on this server; needs no token"})
    expires_at = Moment(required=True)


class DocumentRequestIn(BaseSchema):
    """The key of a document from the program's list."""

    document = text(64, example="project_drawings")
