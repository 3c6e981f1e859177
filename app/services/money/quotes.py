"""The quotes of a case: the one in force, its options, the chosen one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.domain.errors import ChoiceNeededError
from app.models import Quote
from app.services.installation import city


@dataclass(frozen=True, slots=True)
class Sum:
    """What the customer agreed to: the option's name and its total in fen."""

    option: str
    total_fen: int


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A quote as people see it; only the one `in_force` can be chosen from."""

    id: str
    version: int
    in_force: bool
    mark: str
    price_version: str
    options: list[dict[str, Any]]
    issued_at: datetime
    chosen_key: str | None
    chosen_at: datetime | None
    chosen_name: str | None


def quote_in_force(case_id: str, *, lock: bool = False) -> Quote | None:
    """The newest quote of a case; `lock` blocks a choice while the caller relies on it."""
    query = select(Quote).where(Quote.case_id == case_id).order_by(Quote.version.desc()).limit(1)
    return db.session.scalar(query.with_for_update() if lock else query)


def case_quotes(case_id: str) -> list[QuoteView]:
    """Every quote of a case, newest first."""
    rows = db.session.scalars(
        select(Quote).where(Quote.case_id == case_id).order_by(Quote.version.desc())
    ).all()
    return [present_quote(row, newest=place == 0) for place, row in enumerate(rows)]


def present_quote(row: Quote, *, newest: bool) -> QuoteView:
    """One quote in words. Sums carry the mark of the price list, else a fictional one would pass for real."""
    return QuoteView(
        id=row.id,
        version=row.version,
        in_force=newest,
        mark=city.current().prices.mark,
        price_version=row.price_version,
        options=row.options,
        issued_at=row.issued_at,
        chosen_key=row.chosen_key,
        chosen_at=row.chosen_at,
        chosen_name=row.chosen_name,
    )


def agreed_sum(row: Quote | None) -> Sum:
    """What the customer chose. Raises `ChoiceNeededError` without a quote or a choice."""
    if row is None:
        raise ChoiceNeededError("请先向客户出具费用，由客户在手机上选择。")
    if row.chosen_key is None:
        raise ChoiceNeededError("客户尚未在手机上选择费用方案，请提醒客户打开小程序确认。")
    return _sum(next(option for option in row.options if option["key"] == row.chosen_key))


def only_sum(row: Quote | None) -> Sum | None:
    """The sum before a choice: that of the only option; None when there are several."""
    if row is None:
        raise ChoiceNeededError("请先向客户出具费用，再办结本任务。")
    if row.chosen_key is not None:
        return agreed_sum(row)
    return _sum(row.options[0]) if len(row.options) == 1 else None


def _sum(option: Mapping[str, Any]) -> Sum:
    return Sum(option["name"], option["total_fen"])
