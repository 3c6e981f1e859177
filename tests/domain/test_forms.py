"""The application forms: what each asks, how little is mandatory, and how faults in them are told."""

import shutil
from pathlib import Path

import pytest

from app.domain.city_folder import city_folder
from app.domain.config_error import ConfigError
from app.domain.forms import NEEDED_FIELDS, FieldKind, Form, load_forms
from app.domain.toml_reader import each_fault

JINAN = city_folder({})
FORMS = load_forms(JINAN)

each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(JINAN, tmp_path / "city"))


def edit(city: Path, old: str, new: str) -> None:
    path = city / "forms" / "single_meter.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in the form: this test no longer edits anything"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(city: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(ConfigError) as caught:
        load_forms(city)
    return [(fault.file.name, fault.key, fault.fault) for fault in each_fault(caught.value)]


def test_there_is_one_form_for_each_program() -> None:
    assert set(FORMS) == {"single_meter", "three_zero", "residential"}


@each_form
def test_every_form_has_the_fields_that_the_product_reads(form: Form) -> None:
    assert {key: form.field(key).kind for key in NEEDED_FIELDS} == NEEDED_FIELDS
    assert form.field("organisation").kind is FieldKind.TEXT
    assert form.field("credit_code").kind is FieldKind.CREDIT_CODE


@each_form
def test_what_names_a_person_is_personal(form: Form) -> None:
    names = {"contact_name", "contact_phone", "address", "credit_code", "owner_name", "agent_name"}
    names |= {"property_certificate"}
    assert {field.key for field in form.fields if field.personal} == names & {f.key for f in form.fields}


@each_form
def test_no_form_asks_for_an_identity_card(form: Form) -> None:
    assert not [field.label for field in form.fields if "身份证" in field.label + field.help]


@each_form
def test_the_phone_is_prefilled_from_wechat(form: Form) -> None:
    assert form.field("contact_phone").prefill == "phone"


@each_form
def test_districts_and_calibres_are_the_citys(form: Form) -> None:
    assert "历下区" in [choice.name for choice in form.field("district").choices]
    sizes = [15, 20, 25, 32, 40, 50, 65, 80, 100, 150, 200]
    assert [choice.key for choice in form.field("calibre").choices] == [f"DN{size}" for size in sizes]


def test_a_household_fills_in_no_more_than_it_can_know() -> None:
    form = FORMS["single_meter"]
    mandatory = {
        field.key
        for field in form.fields
        if field.required or (field.required_when and "household" in field.required_when[1])
    }
    assert mandatory == {
        "applicant_kind",
        "project_name",
        "owner_name",
        "contact_name",
        "contact_phone",
        "district",
        "address",
        "location",
        "use_class",
        "meter_count",
    }


def test_an_enterprise_names_itself_and_its_credit_code() -> None:
    form = FORMS["single_meter"]
    for key in ("organisation", "credit_code"):
        assert form.field(key).required_when == ("applicant_kind", ("enterprise",))


def test_a_three_zero_form_can_become_a_single_meter_one_without_typing_twice() -> None:
    known = {field.key: field.kind for field in FORMS["single_meter"].fields}
    own = {field.key: field.kind for field in FORMS["three_zero"].fields}
    assert set(own) - set(known) == {"project_stage", "investment_number"}
    assert all(own[key] is known[key] for key in set(own) & set(known))


def test_a_residential_form_lists_its_buildings_row_by_row() -> None:
    buildings = FORMS["residential"].field("buildings")
    assert buildings.kind is FieldKind.LIST
    assert [column.key for column in buildings.fields] == [
        "number",
        "units",
        "floors",
        "households_per_floor",
    ]


@pytest.mark.parametrize(
    ("old", "new", "key", "fault"),
    [
        ('key = "single_meter"', 'key = "meter"', "key", "must be 'single_meter', as the file is called"),
        ('label = "项目名称"\n', "", "fields[1].label", "missing"),
        ("max_length = 60\n", "", "fields[1].max_length", "missing"),
        (
            "max_length = 60\n",
            "max_length = -1\n",
            "fields[1].max_length",
            "must be a whole number, 0 or more",
        ),
        (
            'kind = "phone"',
            'kind = "fax"',
            "fields[8].kind",
            f"must be one of {', '.join(FieldKind)}",
        ),
        (
            'kind = "phone"\nrequired = true\npersonal = true',
            'kind = "phone"\nrequired = true',
            "fields[8].personal",
            "a field of kind 'phone' must be personal",
        ),
        (
            "personal = true\nmax_length = 120",
            "max_length = 120",
            "fields[10].personal",
            "the field 'address' must be personal",
        ),
        ('prefill = "phone"', 'prefill = "guess"', "fields[8].prefill", "must be one of phone, earlier_case"),
        (
            'key = "address"',
            'key = "street"',
            "fields",
            "the field 'address' is missing; every form needs it",
        ),
        ('key = "purpose"', 'key = "calibre"', "fields[15].key", "duplicate key 'calibre'"),
        ("min = 1\nmax = 100\n", "min = 101\nmax = 100\n", "fields[16].min", "is greater than max"),
        ("min = 1\nmax = 100\n", "min = 1\n", "fields[16].max", "missing"),
        (
            'values = ["enterprise"]',
            'values = ["factory"]',
            "fields[2].required_when",
            "no field 'applicant_kind' offers the choice 'factory'",
        ),
        (
            'choices_from = "districts"',
            'choices_from = "towns"',
            "fields[9].choices_from",
            "city.toml has no list 'towns' under [choices]",
        ),
        ('choices_from = "districts"\n', "", "fields[9].choices", "missing"),
        (
            'label = "联系电话"',
            'label = "联系电话"\nplaceholder = "手机号"',
            "fields[8].placeholder",
            "unknown key",
        ),
        (
            'cite = "二(一)1：1 项申请资料（申请表）；字段为本产品约定"\n',
            "",
            "cite",
            "the citation is missing (name the section of the source, or 本产品约定 and why)",
        ),
    ],
)
def test_a_fault_is_named_by_file_key_and_what_is_wrong(
    city: Path, old: str, new: str, key: str, fault: str
) -> None:
    edit(city, old, new)
    assert ("single_meter.toml", key, fault) in faults(city)


def test_a_city_without_forms_is_refused(city: Path) -> None:
    shutil.rmtree(city / "forms")
    assert faults(city) == [("forms", "", "holds no form")]
