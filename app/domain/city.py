"""The city and its utility: what it is called, whom it serves, where, and its privacy text (city.toml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from app.domain.area import Area, Point, Polygon
from app.domain.choices import Choice, ChoiceLists, read_list
from app.domain.toml_reader import Source, Table

DISTRICTS = "districts"
MIN_CORNERS = 3


@dataclass(frozen=True, slots=True)
class PrivacyText:
    """What a customer agrees to before anything of theirs is kept; the consent records the version."""

    version: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class City:
    """One city's utility.

    `service_area` is in GCJ-02; `choices` are the city's lists by name, of which `districts` is one.
    """

    key: str
    name: str
    utility: str
    hotline: str
    districts: tuple[Choice, ...]
    service_area: Area
    privacy: PrivacyText
    choices: ChoiceLists


def load_city(folder: Path) -> City:
    """Read city.toml of a city's folder.

    :raises ConfigError: with every fault of the file.
    """
    source = Source(folder / "city.toml")
    root = source.root
    lists = _lists(root)
    city = City(
        key=root.text("key"),
        name=root.text("name"),
        utility=root.text("utility"),
        hotline=root.text("hotline"),
        districts=lists.get(DISTRICTS, ()),
        service_area=_area(root),
        privacy=_privacy(root),
        choices=lists,
    )
    source.finish()
    return city


def _lists(root: Table) -> Mapping[str, tuple[Choice, ...]]:
    table = root.table("choices")
    if table is None:
        return {}
    if not table.has(DISTRICTS):
        table.fault(DISTRICTS, "missing")
    return {name: read_list(table, name) for name in table.names()}


def _area(root: Table) -> Area:
    area = root.table("service_area")
    if area is None:
        return ()
    area.cite()
    return tuple(_polygon(row) for row in area.tables("polygons"))


def _polygon(row: Table) -> Polygon:
    corners = row.tables("corners")
    points = tuple(
        Point(
            _degrees(corner, "latitude_gcj02", Fraction(90)),
            _degrees(corner, "longitude_gcj02", Fraction(180)),
        )
        for corner in corners
    )
    if len(points) < MIN_CORNERS:
        row.fault("corners", f"a polygon has at least {MIN_CORNERS} corners")
    return points


def _degrees(corner: Table, key: str, limit: Fraction) -> float:
    value = corner.number(key, optional=False)
    if value is None:
        return 0.0
    if abs(value) > limit:
        corner.fault(key, f"must lie between -{limit} and {limit} degrees")
    return float(value)


def _privacy(root: Table) -> PrivacyText:
    table = root.table("privacy")
    if table is None:
        return PrivacyText("", "", "")
    return PrivacyText(table.text("version"), table.text("title"), table.text("text"))
