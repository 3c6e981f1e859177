"""Receiving a file: checked in the request's transaction, stored outside any, recorded in the next one."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from flask import current_app
from werkzeug.datastructures import FileStorage

from app.core import turns
from app.core.atomic import atomic, release_connection
from app.core.objectstore import StoreUnavailableError
from app.domain.document_kinds import Uploader
from app.domain.errors import DocumentStoreUnavailableError
from app.domain.limits import Limited
from app.services.cases.access import Case
from app.services.documents import document_access, upload
from app.services.documents.document_access import LinkSigner
from app.services.history.timeline import By
from app.services.operations import limits

T = TypeVar("T")
_log = logging.getLogger(__name__)


def receive_file(
    find_case: Callable[[], Case], form: dict[str, Any], uploader: Uploader, by: By
) -> dict[str, Any]:
    """Add the file of a form to the case that `find_case` returns if the caller may see it.

    `find_case` is called again after the bytes were stored, since that is another transaction.
    """
    what = Limited.CUSTOMER_UPLOAD if uploader is Uploader.CUSTOMER else Limited.STAFF_UPLOAD
    # Of a case that the caller may not see nothing is written, not even this.
    find_case()
    # Kept at once: what is stored and then refused has used the store as well.
    with atomic():
        limits.count(what, by.id or "")
    file: FileStorage = form["file"]
    content = file.read()
    arrived = upload.check(find_case().id, form["kind"], file.filename or "", content, uploader)
    release_connection()
    ask_store(lambda: upload.keep_bytes(arrived))
    return asdict(document_access.line(upload.record(find_case().id, arrived, by)))


def ask_store(question: Callable[[], T]) -> T:
    """The result of `question`, which calls the document store; others have their turn meanwhile.

    Call it with no transaction open. Raises `DocumentStoreUnavailableError`.
    """
    try:
        with turns.given_up():
            return question()
    except StoreUnavailableError as fault:
        _log.error("the document store is unavailable: %s", fault)
        raise DocumentStoreUnavailableError("资料暂时无法上传或打开，请稍后重试。") from fault


def link_signer() -> LinkSigner:
    """Signs the download links of this installation."""
    found: LinkSigner = current_app.extensions["steward.links"]
    return found
