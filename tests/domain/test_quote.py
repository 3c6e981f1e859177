"""What a connection costs, added up by hand beside the code."""

from typing import Any

import pytest

from app.domain.city_folder import city_folder
from app.domain.errors import FieldsError, NoPriceError
from app.domain.price_list import load_prices
from app.domain.quote import MOST_UNITS, estimate, options

PRICES = load_prices(city_folder({}))
ESTATE: dict[str, Any] = {
    "households_multi_storey": 48,
    "households_high_rise": 120,
    "pump_rooms": 1,
    "buildings": [
        {"number": "1", "units": 2, "floors": 6, "households_per_floor": 4},
        {"number": "2", "units": 3, "floors": 20, "households_per_floor": 2},
    ],
}


def test_every_option_is_the_sum_of_its_lines_for_every_meter() -> None:
    offered = {option.key: option for option in options(PRICES, "DN20", 3)}
    assert {key: option.total_fen for key, option in offered.items()} == {
        "standard": 3 * (326000 + 60000),
        "remote": 3 * (326000 + 89000),
        "valve_well": 3 * (326000 + 60000 + 96000),
    }
    assert [(line.name, line.quantity, line.amount_fen) for line in offered["valve_well"].lines] == [
        ("接水工程（含管材、施工、验收）", 3, 978000),
        ("水表及表前阀门", 3, 180000),
        ("阀门井", 3, 288000),
    ]


def test_a_calibre_without_a_price_is_not_guessed() -> None:
    with pytest.raises(NoPriceError, match="DN300"):
        options(PRICES, "DN300", 1)


def test_the_estimate_uses_the_forms_numbers_and_the_measured_metres() -> None:
    told = estimate(PRICES, ESTATE, {"main_metre": 850})
    assert [(line.name, line.quantity) for line in told.lines] == [
        ("多层户表安装", 48),
        ("高层户表安装", 120),
        ("楼内立管", 5),
        ("泵房接水", 1),
        ("室外供水管道", 850),
    ]
    assert told.total_fen == 48 * 98000 + 120 * 116000 + 5 * 1860000 + 24500000 + 850 * 42000


def test_what_the_drawings_say_goes_before_the_form() -> None:
    told = estimate(PRICES, ESTATE, {"main_metre": 10, "riser": 6, "household_multi_storey": 0})
    assert [(line.name, line.quantity) for line in told.lines][:2] == [("高层户表安装", 120), ("楼内立管", 6)]


@pytest.mark.parametrize(
    ("measured", "fields"),
    [
        ({}, {"measured.main_metre"}),
        ({"main_metre": -1}, {"measured.main_metre"}),
        ({"main_metre": MOST_UNITS + 1}, {"measured.main_metre"}),
        ({"main_metre": 1, "gold": 1}, {"measured.gold"}),
    ],
)
def test_a_quantity_that_is_missing_or_absurd_is_named(measured: dict[str, int], fields: set[str]) -> None:
    with pytest.raises(FieldsError) as caught:
        estimate(PRICES, ESTATE, measured)
    assert {error["field"] for error in caught.value.extra["errors"]} == fields


def test_risers_have_to_be_counted_when_the_form_lists_no_buildings() -> None:
    without = {key: value for key, value in ESTATE.items() if key != "buildings"}
    with pytest.raises(FieldsError):
        estimate(PRICES, without, {"main_metre": 1})
    assert estimate(PRICES, without, {"main_metre": 1, "riser": 2}).total_fen > 0
