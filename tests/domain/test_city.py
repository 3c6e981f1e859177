"""The city's own data: its districts, its privacy text, and where it serves."""

import shutil
from pathlib import Path

import pytest

from app.domain.area import Point, inside
from app.domain.city import load_city
from app.domain.city_folder import city_folder
from app.domain.config_error import ConfigError
from app.domain.toml_reader import each_fault

CITY = load_city(city_folder({}))


@pytest.mark.parametrize(
    ("latitude", "longitude", "served"),
    [
        (36.6618, 117.0217, True),  # 泉城广场
        (36.6683, 116.8896, True),  # 济南西站
        (36.5537, 116.7519, True),  # 长清城区
        (36.8572, 117.2160, False),  # 遥墙机场, outside the simplified outline
        (36.1950, 117.0890, False),  # 泰安
        (39.9087, 116.3975, False),  # 北京
        (0.0, 0.0, False),
    ],
)
def test_a_place_is_served_when_it_lies_within_the_outline(
    latitude: float, longitude: float, served: bool
) -> None:
    assert inside(CITY.service_area, latitude, longitude) is served


def test_an_area_may_be_of_several_parts_and_bend_inwards() -> None:
    hook = tuple(Point(*corner) for corner in [(0, 0), (0, 3), (3, 3), (3, 2), (1, 2), (1, 0)])
    island = tuple(Point(*corner) for corner in [(10, 10), (10, 11), (11, 10.5)])
    assert inside((hook, island), 2.5, 2.5)
    assert inside((hook, island), 10.2, 10.5)
    assert not inside((hook, island), 2.5, 1.0)
    assert not inside((), 2.5, 2.5)


def test_the_hot_line_is_the_citys() -> None:
    assert CITY.hotline == "968133"


def test_the_privacy_text_has_a_version_to_record_with_a_consent() -> None:
    assert CITY.privacy.version
    assert "968133" in CITY.privacy.text


@pytest.mark.parametrize(
    ("old", "new", "key", "fault"),
    [
        ('hotline = "968133"', "hotline = 968133", "hotline", "must be a text that is not empty"),
        ('key = "shizhong"', 'key = "lixia"', "choices.districts[1].key", "duplicate key 'lixia'"),
        ("districts = [", "quarters = [", "choices.districts", "missing"),
        (
            "latitude_gcj02 = 36.83",
            "latitude_gcj02 = 116.83",
            "service_area.polygons[0].corners[0].latitude_gcj02",
            "must lie between -90 and 90 degrees",
        ),
        ('version = "2026-11-01"\n', "", "privacy.version", "missing"),
    ],
)
def test_a_fault_is_named_by_file_key_and_what_is_wrong(
    tmp_path: Path, old: str, new: str, key: str, fault: str
) -> None:
    folder = Path(shutil.copytree(city_folder({}), tmp_path / "city"))
    file = folder / "city.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_city(folder)
    assert (file, key, fault) in [(one.file, one.key, one.fault) for one in each_fault(caught.value)]
