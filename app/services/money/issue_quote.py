"""Issuing a quote: the options of the one-price list (一费制清单), or the estimate."""

from collections.abc import Mapping
from typing import Any

from app.core import clock, eventbus
from app.core.db import db
from app.core.ids import new_id
from app.domain import quote as prices_of
from app.domain.errors import ConflictError
from app.domain.events import QuoteIssued
from app.domain.programs.tasks import PLANNED_CALIBRE, Pricing
from app.domain.quote import QuotedOption
from app.models import Application, Case, Quote
from app.services.history import latest_outputs
from app.services.history.timeline import by_staff, note
from app.services.installation import city
from app.services.money import quotes
from app.services.money.quotes import QuoteView


def issue_quote(case: Case, staff_id: str, pricing: Pricing, measured: Mapping[str, int]) -> QuoteView:
    """Computes a quote by the prices in force and replaces any earlier one.

    `measured`: quantities from the drawings by the estimate's item keys. Raises `NoPriceError`,
    `FieldsError`, and `ConflictError` while no calibre is fixed.
    """
    options = _options(case, pricing, measured)
    # The lock prevents a choice from the quote that is being replaced.
    earlier = quotes.quote_in_force(case.id, lock=True)
    now = clock.now()
    row = Quote(
        id=new_id(),
        case_id=case.id,
        version=1 if earlier is None else earlier.version + 1,
        pricing=pricing.value,
        price_version=city.current().prices.version,
        options=[_stored(option) for option in options],
        issued_at=now,
        issued_by=staff_id,
    )
    db.session.add(row)
    note(case.id, now, "quote_issued", by_staff(staff_id), {"version": row.version})
    db.session.flush()
    eventbus.publish(QuoteIssued(case.id, row.id))
    return quotes.present_quote(row, newest=True)


def _options(case: Case, pricing: Pricing, measured: Mapping[str, int]) -> tuple[QuotedOption, ...]:
    prices = city.current().prices
    answers = db.session.get_one(Application, case.application_id).answers
    match pricing:
        case Pricing.ESTIMATE:
            return (prices_of.estimate(prices, answers, measured),)
        case Pricing.PRICE_LIST:
            calibre = latest_outputs.value(case.id, PLANNED_CALIBRE)
            if calibre is None:
                raise ConflictError("用水方案尚未确定口径，请先办结“确定用水方案”。")
            return prices_of.options(prices, calibre, answers["meter_count"])


def _stored(option: QuotedOption) -> dict[str, Any]:
    return {
        "key": option.key,
        "name": option.name,
        "note": option.note,
        "total_fen": option.total_fen,
        "lines": [
            {
                "name": line.name,
                "unit": line.unit,
                "quantity": line.quantity,
                "unit_fen": line.unit_fen,
                "amount_fen": line.amount_fen,
            }
            for line in option.lines
        ],
    }
