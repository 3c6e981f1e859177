"""Subscribe-message consents (订阅消息): how many are left, and what to ask consent for next.

WeChat's rule: one accept allows one message of that template, without expiry (one-time subscription). The
client reports an accept at once, and WeChat's event reports the same tap, in either order; it counts once.
A long-term subscription (长期订阅) lasts until the person switches it off.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, delete, select, update

from app.core import clock
from app.core.db import db
from app.core.upsert import insert_or_ignore
from app.domain.errors import FieldsError
from app.services.people import recipients
from app.wechat.port import AccountKind
from app.wechat.pushevent import Choice, choice_of
from notifications.models import SubscribeConsent
from notifications.wording import catalog
from notifications.wording.catalog import Template
from notifications.wording.kinds import Channel

MOST_AT_ONCE = 3
"""wx.requestSubscribeMessage takes at most three template ids at a tap."""
MOST_REPORTED = 1
"""One tap accepts a template once."""


@dataclass(frozen=True, slots=True)
class TemplateToAsk:
    """A template to ask consent for; `why` is the sentence to show before."""

    key: str
    template_id: str
    title: str
    why: str
    remaining: int
    long_term: bool
    """One consent lasts, and `remaining` is 1 once it is given."""


@dataclass(frozen=True, slots=True)
class _Held:
    remaining: int
    updated_at: datetime


def templates_to_ask(customer_id: str, page: str = "") -> list[TemplateToAsk]:
    """The templates to ask this customer for at the next tap: fewest left first, then in the city's
    order.

    On a `page` with templates of its own these come first; elsewhere they are not asked for. The number left
    matters, not only whether any is: several stops may begin or end at one instant. WeChat takes one-time
    and long-term templates (长期订阅) in different taps only. A long-term one comes first, until it is
    accepted or declined.
    """
    held = _held(_openid(customer_id))
    words = catalog.current()
    ranked = sorted(
        (not template.ask_on, _left(held.get(key)), template.ask_order, key)
        for key, template in words.templates.items()
        if template.ask_order is not None and template.ask_on in {"", page}
    )
    asked = [(words.templates[key], key) for *_, key in ranked]
    lasting = [key for template, key in asked if _is_worth_asking(template, held.get(key))]
    once = [key for template, key in asked if not template.long_term]
    return [
        TemplateToAsk(
            key,
            words.template_ids[key],
            words.templates[key].title,
            words.templates[key].why,
            _left(held.get(key)),
            words.templates[key].long_term,
        )
        for key in (lasting or once)[:MOST_AT_ONCE]
    ]


def _left(row: _Held | None) -> int:
    return 0 if row is None else row.remaining


def _is_worth_asking(template: Template, row: _Held | None) -> bool:
    """Whether a long-term template is neither accepted nor declined lately."""
    if not template.long_term:
        return False
    return row is None or (row.remaining == 0 and row.updated_at <= clock.now() - template.ask_again)


def record_choices(customer_id: str, choices: Mapping[str, str]) -> None:
    """Counts what the client reports: template key → WeChat's word for the answer.

    Raises `FieldsError` for a template that the mini-program does not ask for.
    """
    record_accepted(
        customer_id, {key: int(choice_of(choice) is Choice.ACCEPT) for key, choice in choices.items()}
    )


def record_accepted(customer_id: str, accepted: Mapping[str, int]) -> None:
    """Counts what the client reports: template key → 0 or 1 accepts.

    Raises `FieldsError` for a template that the mini-program does not ask for, or another count.
    """
    templates = catalog.current().templates
    faults = [
        {"field": key, "code": "consent", "message": "订阅内容有误，请返回重试。"}
        for key, count in accepted.items()
        if key not in templates
        or templates[key].account is not AccountKind.MINI_PROGRAM
        or not 0 <= count <= MOST_REPORTED
    ]
    if faults:
        raise FieldsError(faults)
    openid = _openid(customer_id)
    for key in sorted(key for key, count in accepted.items() if count or templates[key].long_term):
        row = _locked(openid, key)
        if templates[key].long_term:
            # Accepted once, or declined now: then it is left alone for a while.
            row.remaining = max(row.remaining, accepted[key])
            row.updated_at = clock.now()
            continue
        # An event that came before the report was counted already.
        row.remaining += row.unmatched_reports >= 0
        row.unmatched_reports += 1
        row.updated_at = clock.now()


def accepted_event(openid: str, template_key: str) -> None:
    """WeChat reports an accept, which the client may have reported already."""
    row = _locked(openid, template_key)
    if is_long_term(template_key):
        row.remaining, row.updated_at = 1, clock.now()
        return
    row.remaining += row.unmatched_reports <= 0
    row.unmatched_reports -= 1
    row.updated_at = clock.now()


def consent_exhausted(openid: str, template_key: str) -> None:
    """No consent is left: WeChat refused a message (43101), or the person switched the template off."""
    row = _locked(openid, template_key)
    row.remaining = 0
    row.unmatched_reports = 0
    row.updated_at = clock.now()


def consent_consumed(openid: str, template_key: str) -> None:
    """WeChat accepted a message, which used one consent."""
    if is_long_term(template_key):
        return
    left = SubscribeConsent.remaining
    db.session.execute(
        update(SubscribeConsent)
        .where(SubscribeConsent.openid == openid, SubscribeConsent.template_key == template_key)
        .values(remaining=case((left > 0, left - 1), else_=0), updated_at=clock.now())
    )


def is_long_term(template_key: str) -> bool:
    """Whether one consent to this template lasts."""
    template = catalog.current().templates.get(template_key)
    return template is not None and template.long_term


def forget(openid: str) -> None:
    """Deletes everything a person has accepted."""
    db.session.execute(delete(SubscribeConsent).where(SubscribeConsent.openid == openid))


def holders(openids: Collection[str], template_key: str) -> set[str]:
    """Those of `openids` who still accept a message of this template."""
    if not openids:
        return set()
    db.session.flush()
    asked = {"openids": sorted(openids), "template_key": template_key}
    return set(db.session.connection().scalars(_HOLDERS, asked))


# Runs with every message to a customer.
_HOLDERS = select(SubscribeConsent.openid).where(
    SubscribeConsent.openid.in_(bindparam("openids", expanding=True)),
    SubscribeConsent.template_key == bindparam("template_key"),
    SubscribeConsent.remaining > 0,
)


def _held(openid: str) -> dict[str, _Held]:
    rows = db.session.execute(
        select(SubscribeConsent.template_key, SubscribeConsent.remaining, SubscribeConsent.updated_at).where(
            SubscribeConsent.openid == openid
        )
    )
    return {row.template_key: _Held(row.remaining, row.updated_at) for row in rows}


def _locked(openid: str, template_key: str) -> SubscribeConsent:
    """The row of this person and template, created if needed, locked until the transaction ends."""
    fresh = {
        "openid": openid,
        "template_key": template_key,
        "remaining": 0,
        "unmatched_reports": 0,
        "updated_at": clock.now(),
    }
    db.session.flush()
    insert_or_ignore(SubscribeConsent, fresh)
    return db.session.scalars(
        select(SubscribeConsent)
        .where(SubscribeConsent.openid == openid, SubscribeConsent.template_key == template_key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _openid(customer_id: str) -> str:
    return recipients.customer(customer_id).addresses[Channel.SUBSCRIBE]
