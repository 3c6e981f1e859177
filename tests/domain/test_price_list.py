"""Whoever replaces the sample prices is told what is wrong with theirs."""

import shutil
from pathlib import Path

import pytest

from app.domain.city_folder import city_folder
from app.domain.config_error import ConfigError
from app.domain.papers import load_papers
from app.domain.price_list import load_prices
from app.domain.toml_reader import each_fault

JINAN = city_folder({})


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(JINAN, tmp_path / "city"))


def edit(city: Path, old: str, new: str, file: str = "prices.toml") -> None:
    path = city / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}: this test no longer edits anything"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(city: Path) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        load_prices(city)
    return [(fault.key, fault.fault) for fault in each_fault(caught.value)]


def test_the_sample_says_that_it_is_one() -> None:
    prices = load_prices(JINAN)
    assert prices.mark == "演示数据"
    assert "虚构" in prices.cite


@pytest.mark.parametrize(
    ("old", "new", "key", "fault"),
    [
        ("DN15 = 268000", "DN15 = 2680.5", "items[0].fen.DN15", "must be a whole number, 0 or more"),
        ("DN15 = 268000", "DN15 = -1", "items[0].fen.DN15", "must be a whole number, 0 or more"),
        ("DN15 = 268000", "DN16 = 268000", "items[0].fen", "city.toml has no calibre 'DN16'"),
        ("DN15 = 268000, ", "", "options", "none has a price for 'DN15'"),
        ('items = ["connection", "meter"]', 'items = ["gold"]', "options[0].items", "unknown item 'gold'"),
        ('key = "remote"', 'key = "standard"', "options[1].key", "duplicate key 'standard'"),
        ('form = "residential"', 'form = "paper"', "estimate.form", "there is no such form"),
        (
            'field = "pump_rooms"',
            'field = "plot"',
            "estimate.items[3].quantity.field",
            "the form has no whole number 'plot'",
        ),
        (
            'sum = "units"',
            'sum = "number"',
            "estimate.items[2].quantity.field",
            "the form has no whole number 'buildings' with 'number'",
        ),
        (
            "measured = true",
            "measured = false",
            "estimate.items[4].quantity.field",
            "name a field of the form, or say measured = true",
        ),
        ("special = 1600\n", "", "water_fen_per_m3.special", "missing"),
        ('cite = "本产品虚构的演示价格', 'site = "', "cite", None),
    ],
)
def test_a_fault_of_the_prices_is_named(city: Path, old: str, new: str, key: str, fault: str | None) -> None:
    edit(city, old, new)
    assert any(found == key and fault in {None, text} for found, text in faults(city))


@pytest.mark.parametrize("template", ["nothing.typ", "../prices.toml"])
def test_a_papers_template_lies_beside_it(city: Path, template: str) -> None:
    edit(city, 'template = "agreement.typ"', f'template = "{template}"', "papers/papers.toml")
    with pytest.raises(ConfigError, match=r"papers\[0\]\.template"):
        load_papers(city)
