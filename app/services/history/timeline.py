"""Writing a case's history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from app.core.db import db
from app.models import Actor, TimelineEntry


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: the customer, a member of staff, a partner platform, or the engine itself."""

    actor: Actor
    id: str | None = None


ENGINE = By(Actor.ENGINE)


def staff_of(by: By) -> str | None:
    """The member of staff who acts; None when it is anybody else."""
    return by.id if by.actor is Actor.STAFF else None


def by_customer(customer_id: str) -> By:
    """The customer acts."""
    return By(Actor.CUSTOMER, customer_id)


def by_staff(staff_id: str) -> By:
    """A member of staff acts."""
    return By(Actor.STAFF, staff_id)


def by_partner(partner_id: str) -> By:
    """A partner platform acts."""
    return By(Actor.PARTNER, partner_id)


def note(case_id: str, at: datetime, kind: str, by: By, detail: Mapping[str, Any] | None = None) -> None:
    """Adds one line to the history of a case whose row exists; `detail` never holds personal data."""
    db.session.connection().execute(
        _INSERT,
        {
            "case_id": case_id,
            "at": at,
            "kind": kind,
            "actor": by.actor,
            "actor_id": by.id,
            "detail": dict(detail or {}),
        },
    )


# Without the session, which would read back the number of each line.
_INSERT = insert(TimelineEntry)
