"""The webhook address and key under which a partner is told of its cases."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sqlalchemy import bindparam, or_, select

from app.core import clock
from app.core.db import db
from app.core.prepared_query import PreparedQuery
from app.models import Case, Partner, PartnerCase, PartnerKey

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class WebhookCase:
    """A case that a partner with a webhook brought in, with what names it to the partner."""

    partner_id: str
    reference: str
    number: str
    program_key: str
    former_program_key: str | None


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """A partner's webhook, and the newest key with which what is sent there is signed."""

    url: str
    key_id: str
    secret: str = field(repr=False)


def url_fault(url: str, *, simulated: bool) -> str | None:
    """What is wrong with a webhook's address, for the operator; None when it may be used.

    Only https; an installation with the simulator may also tell a partner on its own machine.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is no URL"
    if not parts.hostname or not url.isascii() or any(sign.isspace() for sign in url):
        return "is no URL"
    if parts.username or parts.password or parts.fragment:
        return "must hold neither user, password nor fragment"
    on_this_machine = simulated and parts.scheme == "http" and parts.hostname in _LOOPBACK
    return None if parts.scheme == "https" or on_this_machine else "must begin with https://"


def case_to_tell(case_id: str) -> WebhookCase | None:
    """The webhook case of a case; None when no partner with a webhook brought it in."""
    rows = _TO_TELL.rows({"case_id": case_id})
    return WebhookCase(*rows[0]) if rows else None


# Called at every change of every case, and most came from no partner.
_TO_TELL = PreparedQuery(
    select(
        PartnerCase.partner_id,
        PartnerCase.reference,
        Case.number,
        Case.program_key,
        Case.former_program_key,
    )
    .join(Partner, Partner.id == PartnerCase.partner_id)
    .join(Case, Case.id == PartnerCase.case_id)
    .where(
        PartnerCase.case_id == bindparam("case_id"),
        Partner.webhook_url.is_not(None),
        Partner.disabled_at.is_(None),
    )
)


def address_of(partner_id: str) -> WebhookAddress | None:
    """A partner's webhook as it stands now; None for a disabled partner, or one without webhook or key."""
    now = clock.now()
    row = db.session.execute(
        select(Partner.webhook_url, PartnerKey.id, PartnerKey.secret)
        .join(PartnerKey, PartnerKey.partner_id == Partner.id)
        .where(
            Partner.id == partner_id,
            Partner.webhook_url.is_not(None),
            Partner.disabled_at.is_(None),
            PartnerKey.active_from <= now,
            or_(PartnerKey.active_to.is_(None), PartnerKey.active_to > now),
        )
        .order_by(PartnerKey.active_from.desc(), PartnerKey.active_to.is_(None).desc())
        .limit(1)
    ).first()
    if row is None or row.webhook_url is None:
        return None
    return WebhookAddress(row.webhook_url, row.id, row.secret)
