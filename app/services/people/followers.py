"""Followers of the 服务号, joined by unionid with the customer and the member of staff that they are.

Two facts are needed, and they come in either order: WeChat tells the unionid of a follower, and that of
whoever logs in to the mini-program. Each is kept until the other comes (docs/decisions/0006). Both take the
same lock, so that two transactions that bring one fact each can't miss each other.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, false, func, or_, select, update

from app.core import advisory_lock, clock
from app.core.db import db
from app.core.upsert import insert_or_ignore
from app.models import Customer, Follower, Staff

ASK_AGAIN_AFTER = timedelta(days=1)
"""How long a follower without unionid is left alone; the account may be bound to the Open Platform later."""


def follow(service_openid: str, unionid: str | None) -> None:
    """Somebody follows the 服务号: kept, and joined by unionid with whoever they are in the mini-program."""
    if unionid is not None:
        _lock(unionid)
    insert_or_ignore(Follower, {"openid": service_openid, "asked_at": clock.now()})
    db.session.execute(
        update(Follower)
        .where(Follower.openid == service_openid)
        # WeChat leaves the unionid out while the accounts are not bound to each other; that forgets nothing.
        .values(unionid=func.coalesce(unionid, Follower.unionid), asked_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if unionid is not None:
        _join(service_openid, unionid)


def unfollow(service_openid: str) -> None:
    """They no longer follow; template messages would be refused."""
    db.session.execute(delete(Follower).where(Follower.openid == service_openid))
    for noun in (Customer, Staff):
        db.session.execute(
            update(noun).where(noun.service_openid == service_openid).values(service_openid=None)
        )


def record_unionid(person: Customer | Staff, unionid: str | None) -> None:
    """A log-in named the person's unionid: kept, and joined with the follower who has it, if any."""
    if unionid is None or (person.unionid == unionid and person.service_openid is not None):
        return
    _lock(unionid)
    person.unionid = unionid
    db.session.flush()
    service_openid = db.session.scalar(
        select(Follower.openid)
        .where(Follower.unionid == unionid)
        .order_by(Follower.asked_at.desc(), Follower.openid)
        .limit(1)
    )
    if service_openid is not None:
        _join(service_openid, unionid)


def forget(openids: Collection[str], unionid: str | None) -> None:
    """Drop what is kept of somebody who withdrew everything."""
    same_union = false() if unionid is None else Follower.unionid == unionid
    db.session.execute(delete(Follower).where(or_(Follower.openid.in_(sorted(openids)), same_union)))


def unknown(openids: Sequence[str]) -> list[str]:
    """Those of these openids of the 服务号 whom WeChat has to be asked about, in their order."""
    rows = db.session.execute(
        select(Follower.openid, Follower.unionid, Follower.asked_at).where(Follower.openid.in_(openids))
    )
    known = {row.openid for row in rows if row.unionid is not None or _asked_lately(row.asked_at)}
    return [openid for openid in openids if openid not in known]


def _asked_lately(asked_at: datetime) -> bool:
    return clock.now() - asked_at < ASK_AGAIN_AFTER


def _join(service_openid: str, unionid: str) -> None:
    for noun in (Customer, Staff):
        db.session.execute(
            update(noun)
            .where(noun.service_openid == service_openid, noun.unionid.is_distinct_from(unionid))
            .values(service_openid=None)
        )
        db.session.execute(update(noun).where(noun.unionid == unionid).values(service_openid=service_openid))


def _lock(unionid: str) -> None:
    """Until the transaction ends, nobody else joins this unionid."""
    advisory_lock.wait_for("fol", unionid)
