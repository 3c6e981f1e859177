"""The page at `/`, and the signing of a partner's request that it offers."""

from secrets import token_hex
from typing import Any

from apiflask import APIBlueprint
from flask import render_template
from sqlalchemy import select

from app.core import clock, signing
from app.core.db import db
from app.domain.errors import NotFoundError
from app.models import Case, PartnerCase, PartnerKey
from app.services.installation import city
from demo.sample.visits import visit_day
from demo.site.accounts import audiences

PARTNER_API = "/api/v1/partner"

first_page = APIBlueprint("first_page", __name__, template_folder="templates", enable_openapi=False)


@first_page.get("/")
def show() -> str:
    """The page: links, and for each audience the accounts to log in with."""
    line, now = city.working_time(), clock.now()
    local, day = now.astimezone(line.zone), visit_day(line, now)
    return render_template(
        "first_page.html",
        audiences=audiences(),
        links={
            audience.key: [{"name": link.name, "path": link.path} for link in audience.links]
            for audience in audiences()
        },
        city=city.current().city.name,
        now=local,
        clock_stands=isinstance(clock.in_use(), clock.FileClock),
        visit_day=None if day == local.date() else day,
    )


@first_page.get("/signed-partner-request")
def sign() -> dict[str, Any]:
    """A request of the sample's partner, signed now. Raises `NotFoundError` when it has brought no case."""
    row = db.session.execute(
        select(PartnerKey.id, PartnerKey.secret, Case.number)
        .join(PartnerCase, PartnerCase.partner_id == PartnerKey.partner_id)
        .join(Case, Case.id == PartnerCase.case_id)
        .limit(1)
    ).first()
    if row is None:
        raise NotFoundError
    path = f"{PARTNER_API}/cases/{row.number}/progress"
    message = signing.Signable("GET", path, str(int(clock.now().timestamp())), token_hex(16), b"")
    headers = {
        signing.KEY_HEADER: row.id,
        signing.TIMESTAMP_HEADER: message.timestamp,
        signing.NONCE_HEADER: message.nonce,
        signing.SIGNATURE_HEADER: signing.signature(row.secret, message),
    }
    return {"path": path, "headers": headers}
