"""Verifying partner requests: signed with a live key, in time, and not replayed."""

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select

from app.core import clock, signing
from app.core.db import db
from app.core.signing import Signable
from app.core.upsert import insert_or_ignore
from app.domain.errors import NotAllowedError, SignatureRefusedError
from app.models import Capability, Partner, PartnerKey, PartnerNonce

__all__ = [
    "Capability",
    "PartnerIdentity",
    "SignedRequest",
    "delete_old_nonces",
    "require_capability",
    "verify_request",
]

log = logging.getLogger(__name__)

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
# Compared against when the key is unknown, so that this takes as long as a wrong signature.
_NO_SECRET = "no such key"  # noqa: S105 - signs nothing
_REFUSED = "签名无效，请核对密钥和签名方法后重新发送。"


@dataclass(frozen=True, slots=True)
class PartnerIdentity:
    """The partner that a request speaks for."""

    id: str
    key: str
    channel_name: str
    capabilities: Collection[str]

    @property
    def channel(self) -> str:
        """What a case's channel says when this partner applied for somebody."""
        return f"partner:{self.key}"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request with what its headers claim."""

    key_id: str
    signature: str
    message: Signable


def verify_request(request: SignedRequest) -> PartnerIdentity:
    """Verifies a request and returns its partner; uses up its nonce in the caller's transaction.

    The caller commits that at once, whatever becomes of the request: a refused one cannot be sent again
    either. Raises `SignatureRefusedError`.
    """
    message = request.message
    if not (_NONCE.fullmatch(message.nonce) and _TIMESTAMP.fullmatch(message.timestamp)):
        raise _refuse("headers", "缺少签名信息或格式有误，请按接口说明填写请求头。")
    now = clock.now()
    if abs(now.timestamp() - int(message.timestamp)) > signing.WINDOW.total_seconds():
        raise _refuse("stale", "请求时间与服务器相差超过5分钟，请校准时钟后重新签名发送。")
    row = db.session.execute(
        select(PartnerKey.id, PartnerKey.secret, Partner)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(
            PartnerKey.id == request.key_id,
            PartnerKey.active_from <= now,
            or_(PartnerKey.active_to.is_(None), PartnerKey.active_to > now),
            Partner.disabled_at.is_(None),
        )
    ).first()
    genuine = signing.matches(row.secret if row else _NO_SECRET, message, request.signature)
    if row is None or not genuine:
        raise _refuse("signature" if row else "key", _REFUSED)
    if not _is_first(row.id, message.nonce):
        raise _refuse("replay", "该请求已收到过，请更换随机串并重新签名后发送。")
    return PartnerIdentity(
        row.Partner.id, row.Partner.key, row.Partner.channel_name, tuple(row.Partner.capabilities)
    )


def require_capability(partner: PartnerIdentity, capability: Capability) -> None:
    """Raise `NotAllowedError` unless the partner may do this."""
    if capability.value not in partner.capabilities:
        raise NotAllowedError("贵平台未开通此项服务，请联系水务公司开通。")


def delete_old_nonces() -> int:
    """Deletes nonces of requests outside their time window. Returns how many.

    A timestamp may be ahead of our clock by one window, so its nonce is kept for two.
    """
    outcome = db.session.execute(
        delete(PartnerNonce).where(
            PartnerNonce.seen_at < clock.now() - 2 * signing.WINDOW - timedelta(seconds=1)
        )
    )
    return int(getattr(outcome, "rowcount", 0))


def _is_first(key_id: str, nonce: str) -> bool:
    return insert_or_ignore(PartnerNonce, {"key_id": key_id, "nonce": nonce, "seen_at": clock.now()})


def _refuse(reason: str, detail: str) -> SignatureRefusedError:
    log.warning("partner request refused", extra={"reason": reason})
    return SignatureRefusedError(detail)
