"""A filled-in form is checked field by field, every fault at once, in words that help the customer."""

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.city_folder import city_folder
from app.domain.form_check import FieldFault, check_form
from app.domain.forms import FieldKind, load_forms

FORMS = load_forms(city_folder({}))
SINGLE = FORMS["single_meter"]
ESTATE = FORMS["residential"]


def household(**changed: object) -> dict[str, object]:
    return {
        "applicant_kind": "household",
        "project_name": "泉景小区用水",
        "owner_name": "张三",
        "contact_name": "张三",
        "contact_phone": "13800000000",
        "district": "lixia",
        "address": "某某路1号",
        "location": {"latitude_gcj02": 36.66, "longitude_gcj02": 117.02},
        "use_class": "residential",
        "meter_count": 1,
    } | changed


def estate(**changed: object) -> dict[str, object]:
    return {
        "project_name": "演示花园",
        "organisation": "演示置业有限公司",
        "credit_code": "91370100MA3C0000XX",
        "contact_name": "李四",
        "contact_phone": "13800000000",
        "district": "licheng",
        "address": "某某路2号",
        "location": {"latitude_gcj02": 36.68, "longitude_gcj02": 117.1},
        "households_multi_storey": 0,
        "households_high_rise": 320,
        "use_class": "residential",
        "meter_count": 2,
    } | changed


def found(values: object, **options: Any) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in check_form(SINGLE, values, **options)]


def test_a_sound_form_has_no_fault() -> None:
    assert check_form(SINGLE, household()) == []
    assert check_form(ESTATE, estate()) == []


def test_an_empty_form_lists_everything_that_is_missing() -> None:
    assert check_form(SINGLE, {}) == [
        FieldFault("applicant_kind", "required", "请选择申请人类型。"),
        FieldFault("project_name", "required", "请填写项目名称。"),
        FieldFault("contact_name", "required", "请填写联系人。"),
        FieldFault("contact_phone", "required", "请填写联系电话。"),
        FieldFault("district", "required", "请选择所在区。"),
        FieldFault("address", "required", "请填写详细地址。"),
        FieldFault("location", "required", "请在地图上选择用水地点。"),
        FieldFault("use_class", "required", "请选择用水性质。"),
        FieldFault("meter_count", "required", "请填写水表数量。"),
    ]


def test_a_draft_may_lack_anything_but_may_not_be_wrong() -> None:
    assert found({}, partial=True) == []
    assert found({"calibre": "DN17"}, partial=True) == [("calibre", "not_a_choice")]


@pytest.mark.parametrize("nothing", [None, "", "  ", "　", []])
def test_an_empty_value_counts_as_missing(nothing: object) -> None:
    assert found(household(address=nothing)) == [("address", "required")]


def test_an_enterprise_must_name_itself_and_a_household_need_not() -> None:
    assert found(household(applicant_kind="enterprise")) == [
        ("organisation", "required"),
        ("credit_code", "required"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("project_name", 7, "type"),
        ("project_name", ["泉景"], "type"),
        ("project_name", "泉" * 61, "too_long"),
        ("project_name", "泉景\x00小区", "characters"),
        ("project_name", "泉景\n小区", "characters"),
        ("project_name", "泉景\x1b[31m", "characters"),
        ("project_name", "泉景\ud83d", "characters"),
        ("project_name", "泉景\u202e区小", "characters"),
        ("contact_phone", "1" * 33, "too_long"),
        ("contact_phone", 13800000000, "type"),
        ("district", "beijing", "not_a_choice"),
        ("district", 1, "not_a_choice"),
        ("district", ["lixia"], "not_a_choice"),
        ("district", {"key": "lixia"}, "not_a_choice"),
        ("calibre", "dn20", "not_a_choice"),
        ("meter_count", "1", "type"),
        ("meter_count", True, "type"),
        ("meter_count", 1.5, "type"),
        ("meter_count", 0, "out_of_range"),
        ("meter_count", 101, "out_of_range"),
        ("meter_count", 10**400, "out_of_range"),
        ("daily_demand_m3", -0.1, "out_of_range"),
        ("daily_demand_m3", math.nan, "type"),
        ("daily_demand_m3", math.inf, "type"),
        ("location", "36.66,117.02", "type"),
        ("location", {"latitude_gcj02": 36.66}, "type"),
        ("location", {"latitude": 36.66, "longitude": 117.02}, "type"),
        ("location", {"latitude_gcj02": "36.66", "longitude_gcj02": 117.02}, "type"),
        ("location", {"latitude_gcj02": 117.02, "longitude_gcj02": 36.66}, "type"),
        ("location", {"latitude_gcj02": 36.66, "longitude_gcj02": 117.02, "accuracy": 5}, "type"),
    ],
)
def test_a_wrong_value_is_one_fault_of_its_field(field: str, value: object, code: str) -> None:
    assert found(household(**{field: value})) == [(field, code)]


@pytest.mark.parametrize(
    "name",
    [
        "🌊 泉景小区 👨\u200d👩\u200d👧",
        "O'Neil <b>泉景</b>; DROP TABLE cases",
        "泉" * 60,
        "“三零”项目——一期（A）",
    ],
)
def test_an_unusual_name_is_accepted(name: str) -> None:
    assert found(household(project_name=name)) == []


@pytest.mark.parametrize(
    "value", ["2026-02-30", "20261231", "2026-W05-6", "明年", 20261231, "2026-12-31T08:00"]
)
def test_a_date_has_one_spelling(value: object) -> None:
    faults = check_form(ESTATE, estate(hand_over_date=value))
    assert [(fault.field, fault.code) for fault in faults] == [("hand_over_date", "type")]
    assert check_form(ESTATE, estate(hand_over_date="2026-12-31")) == []


def test_a_field_the_form_does_not_have_is_refused_and_its_name_made_harmless() -> None:
    assert found(household(id_card="37")) == [("id_card", "unknown_field")]
    assert found(household(**{"\ud83d\x00" + "x" * 100: 1})) == [("??" + "x" * 58, "unknown_field")]


@pytest.mark.parametrize("values", [None, [], "text", 7, True])
def test_what_is_no_object_at_all_is_one_fault(values: object) -> None:
    assert found(values) == [("", "type")]


def test_the_rows_of_a_list_are_checked_one_by_one() -> None:
    rows = [
        {"number": "1号楼", "units": 2, "floors": 18, "households_per_floor": 4},
        {"number": "2号楼", "units": 0, "floors": 18, "households_per_floor": 4, "roof": "flat"},
        "3号楼",
        {"number": "4号楼", "units": 2, "floors": 18},
    ]
    faults = check_form(ESTATE, estate(buildings=rows))
    assert [(fault.field, fault.code) for fault in faults] == [
        ("buildings[1].units", "out_of_range"),
        ("buildings[1].roof", "unknown_field"),
        ("buildings[2]", "type"),
        ("buildings[3].households_per_floor", "required"),
    ]
    assert faults[0].message == "第2行：单元数请填写不小于1、不大于50的数字。"


def test_a_list_has_no_more_rows_than_its_form_allows() -> None:
    rows = [{"number": "1", "units": 1, "floors": 1, "households_per_floor": 1}] * 301
    [fault] = check_form(ESTATE, estate(buildings=rows))
    assert (fault.field, fault.code, fault.message) == (
        "buildings",
        "out_of_range",
        "楼栋明细最多填写300行。",
    )


def test_an_extra_check_sees_only_values_of_the_right_type() -> None:
    asked: list[object] = []

    def refuse(value: object) -> str | None:
        asked.append(value)
        return "电话号码有误，请重新填写。"

    extra = {FieldKind.PHONE: refuse}
    assert check_form(SINGLE, household(), extra=extra) == [
        FieldFault("contact_phone", "invalid", "电话号码有误，请重新填写。")
    ]
    assert found(household(contact_phone=["1"]), extra=extra) == [("contact_phone", "type")]
    assert found({}, extra=extra, partial=True) == []
    assert asked == ["13800000000"]


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.text(st.characters(exclude_categories=()), max_size=5)
KEYS = st.sampled_from([field.key for form in (SINGLE, ESTATE) for field in form.fields])


@settings(max_examples=200)
@given(values=st.dictionaries(KEYS | NAMES, JSON, max_size=12), partial=st.booleans())
@example(values={"applicant_kind": {"a": []}, "buildings": [{"number": {}}]}, partial=False)
def test_no_json_value_whatever_breaks_the_check(values: dict[str, object], partial: bool) -> None:
    for form in (SINGLE, ESTATE):
        for fault in check_form(form, values, partial=partial):
            assert fault.message
            fault.field.encode("utf-8")  # it is sent back, so JSON must be able to carry it
