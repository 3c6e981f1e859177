"""Receiving a file: checked in the request's transaction, stored outside any, recorded in the next one."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import current_app
from werkzeug.datastructures import FileStorage

from app.core.atomic import release_connection
from app.domain.document_kinds import Uploader
from app.services.cases.access import Case
from app.services.documents import document_access, upload
from app.services.documents.document_access import LinkSigner
from app.services.history.timeline import By


def receive_file(
    find_case: Callable[[], Case], form: dict[str, Any], uploader: Uploader, by: By
) -> dict[str, Any]:
    """Add the file of a form to the case that `find_case` returns if the caller may see it.

    `find_case` is called again after the bytes were stored, since that is another transaction.
    """
    file: FileStorage = form["file"]
    content = file.read()
    arrived = upload.check(find_case().id, form["kind"], file.filename or "", content, uploader)
    release_connection()
    upload.keep_bytes(arrived, content)
    return asdict(document_access.line(upload.record(find_case().id, arrived, by)))


def link_signer() -> LinkSigner:
    """Signs the download links of this installation."""
    found: LinkSigner = current_app.extensions["steward.links"]
    return found
