"""What a connection costs: options of the one-price list, or one estimate. Integer fen, nothing rounded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.errors import FieldsError, NoPriceError
from app.domain.price_list import EstimateItem, ListOption, PriceList

MOST_UNITS = 1_000_000
"""More units of one line than any connection has; keeps a slip of the finger out of a contract."""


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One line: `quantity` units at `unit_fen` each."""

    name: str
    unit: str
    quantity: int
    unit_fen: int

    @property
    def amount_fen(self) -> int:
        """What the line comes to."""
        return self.quantity * self.unit_fen


@dataclass(frozen=True, slots=True)
class QuotedOption:
    """One thing the customer can choose, with every line of what it costs."""

    key: str
    name: str
    note: str
    lines: tuple[QuoteLine, ...]

    @property
    def total_fen(self) -> int:
        """What it costs altogether."""
        return sum(line.amount_fen for line in self.lines)


def options(prices: PriceList, calibre: str, count: int) -> tuple[QuotedOption, ...]:
    """The options of the one-price list for `count` meters of a calibre, in the list's order.

    An option is offered when the list has a price for each of its items. Raises `NoPriceError` when none
    is: then a person has to look at it (a calibre that large is not built from a list).
    """
    offered = tuple(
        _option(prices, option, calibre, count)
        for option in prices.options
        if all(calibre in prices.items[key].fen for key in option.items)
    )
    if not offered:
        raise NoPriceError(f"一费制清单没有{calibre}的价格，请核对用水方案的口径，或联系部门负责人单独核价。")
    return offered


def estimate(prices: PriceList, answers: Mapping[str, Any], measured: Mapping[str, int]) -> QuotedOption:
    """The estimate from the numbers of the application form and those `measured` from the drawings.

    `measured` is by item key; what the drawings say goes before what the form says. Lines of nothing are
    left out. Raises `FieldsError` for a quantity that neither gives, and for one unknown or out of range.
    """
    known = {item.key for item in prices.estimate_items}
    faults = [
        {"field": f"measured.{key}", "code": "unknown", "message": "没有这一项，请核对后重新填写。"}
        for key in measured
        if key not in known
    ]
    lines = []
    for item in prices.estimate_items:
        quantity = measured.get(item.key)
        if quantity is None:
            quantity = _from_form(item, answers)
        fault = _quantity_fault(item, quantity)
        if fault is not None:
            faults.append(fault)
        elif quantity:
            lines.append(QuoteLine(item.name, item.unit, quantity, item.fen))
    if faults:
        raise FieldsError(faults, detail="还不能出具概算，请按提示补充数量。")
    return QuotedOption("estimate", prices.estimate_name, "", tuple(lines))


def _quantity_fault(item: EstimateItem, quantity: int | None) -> dict[str, str] | None:
    field = f"measured.{item.key}"
    if quantity is None:
        return {"field": field, "code": "required", "message": f"请填写“{item.name}”的数量。"}
    if 0 <= quantity <= MOST_UNITS:
        return None
    return {
        "field": field,
        "code": "invalid",
        "message": f"“{item.name}”的数量应在0至{MOST_UNITS}之间。",
    }


def _option(prices: PriceList, option: ListOption, calibre: str, count: int) -> QuotedOption:
    items = [prices.items[key] for key in option.items]
    lines = tuple(QuoteLine(item.name, item.unit, count, item.fen[calibre]) for item in items)
    return QuotedOption(option.key, option.name, option.note, lines)


def _from_form(item: EstimateItem, answers: Mapping[str, Any]) -> int | None:
    if item.quantity.field is None:
        return None
    value = answers.get(item.quantity.field)
    if item.quantity.column is not None:
        return sum(int(row[item.quantity.column]) for row in value) if value else None
    # A number that the form may leave out, such as that of pump rooms, is none.
    return 0 if value is None else int(value)
