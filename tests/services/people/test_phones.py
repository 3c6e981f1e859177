import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.crypto import mask_phone
from app.services.people import phones

LAND_LINE = "+8653188880001"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("13800000001", "+8613800000001"),
        ("138 0000 0001", "+8613800000001"),
        ("+86 138-0000-0001", "+8613800000001"),
        ("１３８０００００００１", "+8613800000001"),
        ("0531-88880001", LAND_LINE),
        ("(0531)88880001", LAND_LINE),
        ("0531-8888-0001", LAND_LINE),
        ("010-88880001", "+861088880001"),
        ("0531-88880001转123", LAND_LINE + ";ext=123"),
        ("0531-88880001 转接 123", LAND_LINE + ";ext=123"),
        ("0531-88880001-123", LAND_LINE + ";ext=123"),
        ("0531—88880001—0002", LAND_LINE + ";ext=0002"),
        ("0531-88880001 ext 123", LAND_LINE + ";ext=123"),
        ("0531-88880001 ext. 123", LAND_LINE + ";ext=123"),
        ("0531-88880001,123", LAND_LINE + ";ext=123"),
        ("0531-88880001分机123", LAND_LINE + ";ext=123"),
        ("0531-88880001（分机号：123）".replace("（", "").replace("）", ""), LAND_LINE + ";ext=123"),
        (LAND_LINE + ";ext=123", LAND_LINE + ";ext=123"),
        ("+85261234567", "+85261234567"),
        ("00852 6123 4567", "+85261234567"),
        ("+853 6612 3456", "+85366123456"),
        ("+886 912 345 678", "+886912345678"),
        ("+44 7400 123456", "+447400123456"),
    ],
)
def test_a_contact_phone_has_one_spelling_with_its_extension(text: str, stored: str) -> None:
    assert phones.contact_phone(text) == stored
    assert phones.contact_phone(stored) == stored
    assert phones.normalised_phone(text) == phones.number_of(stored)
    assert not phones.is_service_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "0531-968133",
        "0531968133",
        "968133",
        "010-12345",
        "01012345",
        "12345",
        "110",
        "95588",
        "0531-95588",
        "021-96822",
        "0531-12345678",
        "400-820-8820",
        "800-820-8820",
    ],
)
def test_a_hot_line_is_no_contact_phone(text: str) -> None:
    assert phones.contact_phone(text) is None
    assert phones.normalised_phone(text) is None
    assert phones.is_service_number(text)


@pytest.mark.parametrize(
    "text",
    ["", "转123", "1380000000", "138000000012", "13800000001-2", "0531-88880001转", "0531-88880001转1234567",
     "61234567", "+999123456", "电话", "0531-88880001转1转2", "13800000001或13800000002"],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str) -> None:
    assert phones.contact_phone(text) is None
    assert not phones.is_service_number(text)


@given(st.text(max_size=32) | st.text(st.sampled_from("0123456789+-转 ext,;=（）*#"), max_size=32))
def test_no_text_breaks_the_reading(text: str) -> None:
    stored = phones.contact_phone(text)
    phones.is_service_number(text)
    assert stored is None or phones.contact_phone(stored) == stored


def test_people_see_the_extension_and_the_country() -> None:
    assert phones.shown(LAND_LINE + ";ext=123") == "53188880001转123"
    assert phones.shown("+8613800000001") == "13800000001"
    assert phones.shown("+85261234567") == "+85261234567"
    assert (phones.extension_of(LAND_LINE + ";ext=123"), phones.extension_of(LAND_LINE)) == ("123", None)
    found = {
        number: phones.country_of(number) for number in ("+85261234567", "+85366123456", "+886912345678")
    }
    assert list(found.values()) == ["中国香港", "中国澳门", "中国台湾"]
    assert phones.country_of("+12025550123") == "美国或加拿大"
    assert phones.country_of("+35312345678") == "境外"
    assert phones.country_of(LAND_LINE + ";ext=123") is None


def test_half_of_a_short_foreign_number_is_masked() -> None:
    assert mask_phone("+85261234567") == "+852******67"
    assert mask_phone("+8613800000001") == "138******01"


def test_a_number_that_wechat_verified_may_be_newer_than_the_library() -> None:
    assert phones.verified_phone("+8614000000001") == "+8614000000001"
    assert phones.verified_phone("+85261234567") == "+85261234567"
    assert phones.verified_phone("+861") is None
    assert phones.verified_phone("+") is None
