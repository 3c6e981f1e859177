"""The registry of partner platforms for the utility's IT: add, rotate a key, disable."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, or_, select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.models import Capability, Partner, PartnerCase, PartnerKey
from app.services.partners.webhook_addresses import url_fault

__all__ = [
    "Capability",
    "IssuedKey",
    "NewPartner",
    "PartnerFaultError",
    "add",
    "disable",
    "everybody",
    "rotate",
]

_KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")


class PartnerFaultError(Exception):
    """What is wrong with a partner's data, for the operator."""


@dataclass(frozen=True, slots=True)
class NewPartner:
    """A partner to add."""

    key: str
    name: str
    channel_name: str
    capabilities: tuple[str, ...]
    webhook_url: str | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A signing key, shown once; the database stores it encrypted."""

    key_id: str
    secret: str = field(repr=False)


def add(wanted: NewPartner, *, simulated: bool) -> IssuedKey:
    """Add a partner with its first key. Raises `PartnerFaultError`."""
    if not _KEY.fullmatch(wanted.key):
        raise PartnerFaultError("the key must be 2 to 40 lower-case letters, digits or _, a letter first")
    if not (wanted.name.strip() and wanted.channel_name.strip()):
        raise PartnerFaultError("name and channel name must not be empty")
    known = {capability.value for capability in Capability}
    if not wanted.capabilities or not known.issuperset(wanted.capabilities):
        raise PartnerFaultError(f"at least one capability is needed; known: {', '.join(sorted(known))}")
    if wanted.webhook_url is not None and (fault := url_fault(wanted.webhook_url, simulated=simulated)):
        raise PartnerFaultError(f"the webhook's address {fault}")
    if db.session.scalar(select(Partner.id).where(Partner.key == wanted.key)) is not None:
        raise PartnerFaultError(f"there is a partner {wanted.key} already")
    partner = Partner(
        id=new_id(),
        key=wanted.key,
        name=wanted.name.strip(),
        channel_name=wanted.channel_name.strip(),
        capabilities=sorted(set(wanted.capabilities)),
        webhook_url=wanted.webhook_url,
        created_at=clock.now(),
    )
    db.session.add(partner)
    db.session.flush()
    return _issue(partner)


def rotate(key: str, overlap: timedelta) -> IssuedKey:
    """A new key for a partner; the ones it has work for `overlap` longer. Raises `PartnerFaultError`."""
    partner = _by_key(key)
    until = clock.now() + overlap
    for old in db.session.scalars(
        select(PartnerKey).where(
            PartnerKey.partner_id == partner.id,
            or_(PartnerKey.active_to.is_(None), PartnerKey.active_to > until),
        )
    ):
        old.active_to = until
    return _issue(partner)


def disable(key: str) -> None:
    """Disables a partner: no more requests, no more webhooks. Raises `PartnerFaultError`."""
    _by_key(key).disabled_at = clock.now()


def everybody() -> list[str]:
    """One line for each partner: capabilities, webhook, live keys, number of cases."""
    now = clock.now()
    cases = (
        select(func.count()).where(PartnerCase.partner_id == Partner.id).correlate(Partner).scalar_subquery()
    )
    lines = []
    for partner, count in db.session.execute(select(Partner, cases).order_by(Partner.key)):
        live = db.session.scalars(
            select(PartnerKey.id)
            .where(
                PartnerKey.partner_id == partner.id,
                or_(PartnerKey.active_to.is_(None), PartnerKey.active_to > now),
            )
            .order_by(PartnerKey.active_from)
        )
        lines.append(
            "\t".join(
                (
                    partner.key,
                    partner.name,
                    partner.channel_name,
                    ",".join(partner.capabilities),
                    partner.webhook_url or "no webhook",
                    f"keys: {','.join(live)}",
                    f"cases: {count}",
                    "disabled" if partner.disabled_at else "",
                )
            )
        )
    return lines


def _issue(partner: Partner) -> IssuedKey:
    issued = IssuedKey(new_id(), secrets.token_urlsafe(32))
    db.session.add(
        PartnerKey(id=issued.key_id, partner_id=partner.id, secret=issued.secret, active_from=clock.now())
    )
    db.session.flush()
    return issued


def _by_key(key: str) -> Partner:
    partner = db.session.scalar(select(Partner).where(Partner.key == key, Partner.disabled_at.is_(None)))
    if partner is None:
        raise PartnerFaultError(f"no partner in use has the key {key}")
    return partner
