"""What a law asks to keep of somebody who deletes their data, named with its term."""

from sqlalchemy import func, select

from app.core.db import db
from app.domain.data_terms import DataKind, term_in_words
from app.models import Actor, Case, Customer, Document
from app.services.installation import city

_REASON = "合同及其履行证据"


def kept_by_law(customer: Customer | None) -> dict[str, str]:
    """How many cases and files the customer brought to them are kept, why, and for how long."""
    if customer is None:
        return {}
    cases = select(func.count()).where(Case.customer_id == customer.id)
    files = (
        select(func.count())
        .select_from(Document)
        .join(Case, Case.id == Document.case_id)
        .where(Case.customer_id == customer.id, Document.actor == Actor.CUSTOMER)
    )
    counted = {
        "cases": (db.session.scalar(cases) or 0, "项", DataKind.APPLICATIONS),
        "files": (db.session.scalar(files) or 0, "份", DataKind.DOCUMENTS),
    }
    terms = city.current().terms
    return {
        name: f"{number}{unit}：{_REASON}，{term_in_words(terms[kind])}（{terms[kind].cite}）"
        for name, (number, unit, kind) in counted.items()
        if number
    }
