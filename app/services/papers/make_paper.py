"""Making a paper of a case: rendered from the city's template, stored, and shown to the customer."""

from collections.abc import Mapping
from typing import Any

from app.core import clock, eventbus
from app.core.db import db
from app.core.ids import new_id
from app.domain.events import PaperMade
from app.models import Case, Paper
from app.services.history.timeline import by_staff, note
from app.services.installation import city
from app.services.money import quotes
from app.services.papers import paper_facts, paper_records
from app.services.papers.paper_records import paper_hash
from app.services.papers.render_pdf import render

AMOUNT = "amount_fen"


def make_paper(case: Case, kind: str, terms: Mapping[str, Any], staff_id: str) -> Paper:
    """Makes the next version of a paper; earlier ones, confirmed or not, are no longer in force.

    Raises `ChoiceNeededError` when the paper states a sum that the customer has not chosen yet.
    """
    paper = city.current().papers[kind]
    stated = dict(terms)
    if paper.states_amount:
        stated[AMOUNT] = quotes.agreed_sum(quotes.quote_in_force(case.id, lock=True)).total_fen
    earlier = paper_records.newest_paper(case.id, kind, lock=True)
    version = 1 if earlier is None else earlier.version + 1
    number = f"{paper.prefix}{case.number}-{version}"
    now = clock.now()
    content = render(paper.template, paper_facts.facts_of_case(case, terms, number, now))
    row = store_paper(case, kind, number, version, stated, content, staff_id)
    note(case.id, now, "paper_made", by_staff(staff_id), {"paper": kind, "version": version})
    eventbus.publish(PaperMade(case.id, row.id))
    return row


def store_paper(
    case: Case, kind: str, number: str, version: int, terms: Mapping[str, Any], content: bytes, staff_id: str
) -> Paper:
    """Stores a rendered paper that the customer has not confirmed yet."""
    row = Paper(
        id=new_id(),
        case_id=case.id,
        kind=kind,
        version=version,
        number=number,
        terms=dict(terms),
        sha256=paper_hash(content),
        content=content,
        created_at=clock.now(),
        created_by=staff_id,
    )
    db.session.add(row)
    db.session.flush()
    return row
