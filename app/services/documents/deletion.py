"""Deleting documents for good: first the rows, then, by the jobs, the bytes.

A store may be slow or unavailable, and a transaction may be rolled back; so the deletion only queues the keys
whose bytes must go.
"""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from app.core.db import db
from app.core.queue import Queue
from app.models import DeletedBytes, Document

# Always due, and claimed by nobody: to remove bytes twice does no harm, and the store may be slow.
QUEUE = Queue("bytes", DeletedBytes, order_by=(DeletedBytes.object_key,))


def delete_documents(document_ids: Sequence[str | None]) -> None:
    """Deletes these documents; nothing may reference them any more."""
    ids = [document_id for document_id in document_ids if document_id is not None]
    if not ids:
        return
    db.session.flush()
    doomed_keys = select(Document.object_key).where(Document.id.in_(ids))
    db.session.execute(insert(DeletedBytes).from_select(["object_key"], doomed_keys))
    db.session.execute(
        delete(Document).where(Document.id.in_(ids)), execution_options={"synchronize_session": False}
    )


def keys_to_delete(limit: int) -> list[str]:
    """Up to `limit` keys whose bytes must be removed."""
    return [row.object_key for row in QUEUE.peek(limit, DeletedBytes.object_key)]


def bytes_deleted(keys: Sequence[str]) -> None:
    """Records that the bytes under these keys have been removed."""
    db.session.execute(delete(DeletedBytes).where(DeletedBytes.object_key.in_(keys)))
