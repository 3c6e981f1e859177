"""The city's prices as data (prices.toml): the one-price list (一费制清单), the estimate, water prices.

All prices are integer fen. `quote` computes with them; nothing here does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.domain.calibres import nominal_mm
from app.domain.choices import Choice
from app.domain.city import load_city
from app.domain.forms import FieldKind, Form, load_forms
from app.domain.toml_reader import Source, Table, check_unique

CALIBRES = "calibres"
USE_CLASSES = "use_classes"


@dataclass(frozen=True, slots=True)
class ListItem:
    """A line of the one-price list: fen per unit, by calibre; a calibre that is absent is not offered."""

    key: str
    name: str
    unit: str
    fen: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ListOption:
    """One way to have it built, of which the customer chooses: the items (keys) that it takes."""

    key: str
    name: str
    note: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Where the number of units comes from: a field of the form, a column summed over a list, or a measure.

    With `column` the `field` is a list of the form; without `field` staff take the number from the drawings.
    """

    field: str | None
    column: str | None


@dataclass(frozen=True, slots=True)
class EstimateItem:
    """A line of the estimate (概算): fen per unit, times a quantity."""

    key: str
    name: str
    unit: str
    fen: int
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class PriceList:
    """Every price of the city. `mark` is shown beside each sum as long as the prices are not real ones."""

    version: str
    mark: str
    cite: str
    items: Mapping[str, ListItem]
    options: tuple[ListOption, ...]
    estimate_name: str
    estimate_items: tuple[EstimateItem, ...]
    water_fen_per_m3: Mapping[str, int]


def load_prices(folder: Path) -> PriceList:
    """The prices of the city in `folder` (its prices.toml).

    :raises ConfigError: with every fault of the file, each naming file, key and fault.
    """
    lists = load_city(folder).choices
    forms = load_forms(folder)
    source = Source(folder / "prices.toml")
    root = source.root
    calibres = lists.get(CALIBRES, ())
    items = _read_items(root, calibres)
    estimate = root.table("estimate")
    prices = PriceList(
        version=root.text("version"),
        mark=root.text("mark", optional=True),
        cite=root.cite(),
        items=items,
        options=_read_options(root, items, calibres),
        estimate_name="" if estimate is None else estimate.text("name"),
        estimate_items=() if estimate is None else _read_estimate(estimate, forms),
        water_fen_per_m3=_read_water(root, lists.get(USE_CLASSES, ())),
    )
    source.finish()
    return prices


def _read_items(root: Table, calibres: tuple[Choice, ...]) -> dict[str, ListItem]:
    known = {choice.key for choice in calibres}
    rows = root.tables("items")
    found = []
    for row in rows:
        prices = row.table("fen")
        by_calibre: dict[str, int] = {}
        for calibre in () if prices is None else prices.names():
            fen = prices.whole(calibre) if prices is not None else None
            if calibre not in known:
                row.fault("fen", f"city.toml has no calibre {calibre!r}")
            elif not _is_nominal(calibre):
                row.fault("fen", f"{calibre!r} is no nominal calibre such as DN20")
            by_calibre[calibre] = fen or 0
        found.append(ListItem(row.text("key"), row.text("name"), row.text("unit"), by_calibre))
    check_unique(rows, [item.key for item in found])
    return {item.key: item for item in found}


def _read_options(
    root: Table, items: Mapping[str, ListItem], calibres: tuple[Choice, ...]
) -> tuple[ListOption, ...]:
    rows = root.tables("options")
    options = tuple(
        ListOption(row.text("key"), row.text("name"), row.text("note", optional=True), row.texts("items"))
        for row in rows
    )
    for row, option in zip(rows, options, strict=True):
        for key in option.items:
            if key not in items:
                row.fault("items", f"unknown item {key!r}")
    check_unique(rows, [option.key for option in options])
    check_unique(rows, [option.name for option in options], "name")
    for choice in calibres:
        if not any(
            all(choice.key in items[key].fen for key in option.items if key in items) for option in options
        ):
            # Else a case would be stuck where the customer ought to choose.
            root.fault("options", f"none has a price for {choice.key!r}")
    return options


def _read_estimate(table: Table, forms: Mapping[str, Form]) -> tuple[EstimateItem, ...]:
    form = forms.get(table.text("form"))
    if form is None:
        table.fault("form", "there is no such form")
    rows = table.tables("items")
    items = tuple(
        EstimateItem(
            key=row.text("key"),
            name=row.text("name"),
            unit=row.text("unit"),
            fen=row.whole("fen") or 0,
            quantity=_read_quantity(row, form),
        )
        for row in rows
    )
    check_unique(rows, [item.key for item in items])
    return items


def _read_quantity(row: Table, form: Form | None) -> Quantity:
    table = row.table("quantity")
    if table is None:
        return Quantity(None, None)
    field = table.text("field", optional=True) or None
    column = table.text("sum", optional=True) or None
    if table.flag("measured") is (field is not None):
        table.fault("field", "name a field of the form, or say measured = true")
    if field is not None and form is not None and not _counts(form, field, column):
        table.fault(
            "field", f"the form has no whole number {field!r}" + (f" with {column!r}" if column else "")
        )
    return Quantity(field, column)


def _counts(form: Form, field: str, column: str | None) -> bool:
    found = next((known for known in form.fields if known.key == field), None)
    if found is None:
        return False
    if column is None:
        return found.kind is FieldKind.INTEGER
    return any(inner.key == column and inner.kind is FieldKind.INTEGER for inner in found.fields)


def _read_water(root: Table, classes: tuple[Choice, ...]) -> dict[str, int]:
    table = root.table("water_fen_per_m3")
    if table is None:
        return {}
    table.cite()
    return {choice.key: table.whole(choice.key) or 0 for choice in classes}


def _is_nominal(calibre: str) -> bool:
    try:
        nominal_mm(calibre)
    except ValueError:
        return False
    return True
