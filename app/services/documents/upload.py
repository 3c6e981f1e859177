"""Uploading a document: first the bytes, then the row, so that no row lacks its bytes."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select

from app.core import advisory_lock, clock, objectstore
from app.core.db import db
from app.core.ids import new_id
from app.domain import file_types, picture_metadata
from app.domain.document_kinds import Uploader
from app.domain.errors import DocumentRefusedError
from app.domain.file_types import FileType
from app.domain.picture_metadata import UncleanableError
from app.domain.texts import has_control_characters
from app.models import Actor, Document
from app.services.history.timeline import By, note
from app.services.installation import city

LONGEST_NAME = 120
_SEPARATORS = re.compile(r"[/\\]")
# How long bytes may exist without a row before they are an orphan, and how far back the sweep looks.
GRACE = timedelta(days=1)
LOOKED_BACK_DAYS = 7


@dataclass(frozen=True, slots=True)
class CheckedUpload:
    """A checked file; its bytes are in the store once `keep_bytes` has returned.

    `content` is what is kept: of a picture without what the camera wrote into it.
    """

    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    object_key: str
    content: bytes = field(repr=False)


def check(
    case_id: str | None,
    kind: str,
    name: str,
    content: bytes,
    uploader: Uploader,
    types: Sequence[FileType] = file_types.TYPES,
) -> CheckedUpload:
    """Checks an upload. Call it in the transaction that has shown that the caller may see the case.

    Without a case: for a general enquiry. Raises `DocumentRefusedError` for an unknown kind, a kind of
    somebody else, wrong or empty content, too large, too many.
    """
    rules = city.current().documents
    try:
        allowed = rules.kind(kind)
    except KeyError as fault:
        raise DocumentRefusedError("没有这类资料，请从列表中选择。") from fault
    if uploader not in allowed.uploaders:
        raise DocumentRefusedError(f"“{allowed.name}”由工作人员上传，您无需提供。")
    if len(content) > file_types.LARGEST_FILE:
        raise DocumentRefusedError("文件不能超过20MB，请压缩后重试。")
    found = file_types.recognise(content, types)
    if found is None:
        raise DocumentRefusedError("仅支持PDF、DWG、DXF、JPEG、PNG、HEIC文件，请转换格式后重试。")
    if case_id is not None:
        _refuse_too_many(case_id, uploader)
    clean = _without_metadata(found, content)
    day = clock.now().date().isoformat()
    return CheckedUpload(
        kind=kind,
        name=shown_name(name),
        media_type=found.media_type,
        size=len(clean),
        sha256=hashlib.sha256(clean).hexdigest(),
        content=clean,
        # The day comes first, so that the sweep can list the keys of single days.
        object_key=f"{day}/{new_id()}",
    )


def _without_metadata(found: FileType, content: bytes) -> bytes:
    """The bytes that anybody else may see: nobody learns from a photo where its owner lives (PIPL 6)."""
    try:
        return picture_metadata.without_metadata(found.media_type, content)
    except UncleanableError as fault:
        raise DocumentRefusedError(
            "该图片无法去除拍摄地点等信息，请重新拍照或另存为JPEG后再上传。"
        ) from fault


def _refuse_too_many(case_id: str, uploader: Uploader) -> None:
    """Each side has an allowance of its own: neither keeps the other from bringing what is needed."""
    customers = Document.actor == Actor.CUSTOMER
    theirs = customers if uploader is Uploader.CUSTOMER else ~customers
    held = db.session.scalar(select(func.count()).where(Document.case_id == case_id, theirs)) or 0
    if held >= city.current().documents.most_by(uploader):
        raise DocumentRefusedError("该工单的资料数量已达上限，请先撤回不需要的资料，或联系客户管家。")


def _wait_for_others(case_id: str) -> None:
    """From here on, one at a time of those who add documents to this case, until the transaction ends."""
    advisory_lock.wait_for("doc", case_id)


def keep_bytes(arrived: CheckedUpload) -> None:
    """Stores the bytes. Call it with no transaction open, since a store may be slow.

    Raises `objectstore.StoreUnavailableError`.
    """
    objectstore.put(arrived.object_key, arrived.content)


def record(case_id: str | None, arrived: CheckedUpload, by: By) -> Document:
    """Write the row of a document whose bytes are kept.

    Raises `DocumentRefusedError` when others have used up the allowance since the check.
    """
    now = clock.now()
    if case_id is not None:
        _wait_for_others(case_id)
        _refuse_too_many(case_id, Uploader.CUSTOMER if by.actor == Actor.CUSTOMER else Uploader.STAFF)
    document = Document(
        id=new_id(),
        case_id=case_id,
        kind=arrived.kind,
        name=arrived.name,
        media_type=arrived.media_type,
        size=arrived.size,
        sha256=arrived.sha256,
        object_key=arrived.object_key,
        actor=by.actor,
        actor_id=by.id or "",
        created_at=now,
    )
    db.session.add(document)
    if case_id is not None:
        note(case_id, now, "document_added", by, {"document": arrived.kind})
    db.session.flush()
    return document


def shown_name(name: str) -> str:
    """A user's file name for display: its last part, without characters that hide or reorder text."""
    last = _SEPARATORS.split(name)[-1]
    clean = "".join(sign for sign in last if not has_control_characters(sign)).strip(" .")
    return clean[:LONGEST_NAME] or "未命名"


def sweep_orphans() -> int:
    """Removes bytes without a row, left by failed uploads. Returns how many.

    Looks at the days of the past week that ended more than `GRACE` ago.
    """
    today = clock.now().date()
    removed = 0
    for back in range(GRACE.days + 1, GRACE.days + 1 + LOOKED_BACK_DAYS):
        day = (today - timedelta(days=back)).isoformat()
        lying = set(objectstore.keys(day))
        if not lying:
            continue
        spoken_of = set(
            db.session.scalars(select(Document.object_key).where(Document.object_key.startswith(f"{day}/")))
        )
        for key in lying - spoken_of:
            objectstore.remove(key)
            removed += 1
    return removed
