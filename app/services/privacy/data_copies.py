"""A customer's copy of everything that is held about them, as JSON and as a readable PDF (PIPL 45).

Made by the jobs, one at a time and bounded, so that no web worker spends its memory on it.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import delete, select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.core.queue import Queue
from app.domain.data_terms import DataKind
from app.domain.errors import NotFoundError, NotSignedInError, NotYetError
from app.models import Customer, DataCopy
from app.services.installation import city
from app.services.papers.render_pdf import PaperError, render
from app.services.privacy import held
from app.services.privacy.account_traces import is_erased
from app.services.scheduling import working_hours

TEMPLATE = "personal_data.typ"
MOST_ITEMS = 20_000
"""How many items of each kind the JSON holds, newest first; its `total` says how many there are."""
MOST_LINES = 500
"""How many items of each kind the PDF prints; it says what the JSON has besides."""

QUEUE = Queue(
    "copies", DataCopy, due=(DataCopy.made_at.is_(None),), order_by=(DataCopy.requested_at, DataCopy.id)
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MadeCopy:
    """What a copy is filled with; both are None when it could not be made."""

    copy_id: str
    document: bytes | None
    readable: bytes | None


def request_copy(customer_id: str) -> DataCopy:
    """Asks for a copy. One that waits or is younger than its term is given again, unless it failed.

    Raises `NotSignedInError` of a deleted account.
    """
    # Two taps at once: the second waits here, as does one that began before the account was deleted.
    customer = db.session.get_one(Customer, customer_id, with_for_update=True, populate_existing=True)
    if is_erased(customer):
        raise NotSignedInError
    known = db.session.scalar(
        select(DataCopy)
        .where(DataCopy.customer_id == customer_id, DataCopy.requested_at > _oldest())
        .order_by(DataCopy.requested_at.desc())
        .limit(1)
    )
    if known is not None and not _failed(known) and _is_of_today(known):
        return known
    db.session.execute(delete(DataCopy).where(DataCopy.customer_id == customer_id))
    fresh = DataCopy(id=new_id(), customer_id=customer_id, requested_at=clock.now())
    db.session.add(fresh)
    db.session.flush()
    return fresh


def copy_of_customer(customer_id: str, copy_id: str) -> DataCopy:
    """A customer's own copy, made or not. Raises `NotFoundError`."""
    row = db.session.get(DataCopy, copy_id)
    if row is None or row.customer_id != customer_id or row.requested_at <= _oldest():
        raise NotFoundError
    return row


def content(row: DataCopy, *, readable: bool) -> bytes:
    """The PDF or the JSON. Raises `NotYetError` before it is made, and when it has to be asked for again."""
    found = row.readable if readable else row.document
    if found is None:
        raise NotYetError("副本尚未生成，请稍后再试；如长时间没有生成，请重新申请。")
    return found


def state(row: DataCopy) -> str:
    """Where a copy stands: waiting, ready or failed."""
    if row.made_at is None:
        return "waiting"
    return "failed" if _failed(row) else "ready"


def make_next() -> MadeCopy | None:
    """What the oldest wish is to be filled with; None when nobody waits. Changes nothing."""
    for row in QUEUE.peek(1, DataCopy.id, DataCopy.customer_id):
        copy_id, customer_id = row.id, row.customer_id
        try:
            kinds = held.everything(customer_id, MOST_ITEMS)
            document = orjson.dumps({"made_at": _now(), "kinds": kinds}, option=orjson.OPT_INDENT_2)
            return MadeCopy(copy_id, document, _pdf(kinds))
        except (PaperError, ValueError):
            _log.exception("a copy of somebody's data could not be made", extra={"data_copy": copy_id})
            return MadeCopy(copy_id, None, None)
    return None


def store(made: MadeCopy) -> None:
    """Fill a copy that still waits."""
    row = db.session.get(DataCopy, made.copy_id, with_for_update=True)
    if row is not None and row.made_at is None:
        row.made_at, row.document, row.readable = clock.now(), made.document, made.readable


def _is_of_today(row: DataCopy) -> bool:
    return working_hours.local_day(row.requested_at) == working_hours.local_day(clock.now())


def _failed(row: DataCopy) -> bool:
    return row.made_at is not None and row.document is None


def _oldest() -> Any:
    return clock.now() - city.current().terms[DataKind.COPIES].term


def _now() -> str:
    return clock.now().astimezone(city.zone()).isoformat()


def _pdf(kinds: list[dict[str, Any]]) -> bytes:
    bundle = city.current()
    data = {
        "utility": bundle.city.utility,
        "hotline": bundle.city.hotline,
        "made_at": _now()[:16].replace("T", " "),
        "kinds": [
            {
                **{key: kind[key] for key in ("name", "purpose", "basis", "term", "total")},
                "left_out": kind["total"] - min(len(kind["items"]), MOST_LINES),
                "items": [list(_lines(item)) for item in kind["items"][:MOST_LINES]],
            }
            for kind in kinds
        ],
    }
    return render(bundle.folder / "papers" / TEMPLATE, data)


def _lines(item: Mapping[str, Any]) -> Iterator[str]:
    """An item as `name：value`, nested tables flattened."""
    for key, value in item.items():
        if isinstance(value, Mapping):
            yield from _lines(value)
        else:
            yield f"{_NAMES.get(key, key)}：{value}"


_NAMES: Mapping[str, str] = {
    "openid": "微信标识（小程序）",
    "unionid": "微信统一标识",
    "service_openid": "微信标识（服务号）",
    "phone": "手机号",
    "created_at": "时间",
    "accepted_at": "同意时间",
    "version": "版本",
    "number": "编号",
    "project_name": "项目",
    "program": "业务",
    "submitted_at": "提交时间",
    "rating": "评分",
    "rating_remark": "评价",
    "contact_name": "联系人",
    "contact_phone": "联系电话",
    "organisation": "单位",
    "credit_code": "统一社会信用代码",
    "address": "地址",
    "latitude_gcj02": "纬度",
    "longitude_gcj02": "经度",
    "kind": "种类",
    "name": "名称",
    "media_type": "格式",
    "size": "字节",
    "amount_fen": "金额（分）",
    "receipt_number": "收据号",
    "received_at": "收到时间",
    "confirmed_at": "确认时间",
    "purpose": "事项",
    "state": "状态",
    "starts_at": "开始",
    "ends_at": "结束",
    "reason": "原因",
    "author": "发送方",
    "text": "内容",
    "sent_at": "发送时间",
    "expires_at": "到期",
    "revoked_at": "退出时间",
    "title": "标题",
    "body": "内容",
    "read_at": "阅读时间",
}
