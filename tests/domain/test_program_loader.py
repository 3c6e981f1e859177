"""Whoever edits a program's data is told file, key and fault of everything that is wrong with it."""

import shutil
from pathlib import Path

import pytest

from app.domain.city_folder import city_folder
from app.domain.config_error import ConfigError
from app.domain.departments import load_departments
from app.domain.programs.loader import load_programs
from app.domain.toml_reader import each_fault

JINAN = city_folder({})


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(JINAN, tmp_path / "city"))


def edit(city: Path, old: str, new: str, file: str = "programs/single_meter.toml") -> None:
    path = city / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}: this test no longer edits anything"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(city: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(ConfigError) as caught:
        load_programs(city)
    return [(fault.file.name, fault.key, fault.fault) for fault in each_fault(caught.value)]


@pytest.mark.parametrize(
    ("old", "new", "key", "fault"),
    [
        ("min = 3\n", 'min = 3\ncolour = "red"\n', "total.colour", "unknown key"),
        ('name = "单表接水"\n', "", "name", "missing"),
        ('version = "2019-138-1"', "version = 1", "version", "must be a text that is not empty"),
        ('version = "2019-138-1"', 'version = " "', "version", "must be a text that is not empty"),
        ("order = 1", "order = true", "order", "must be a whole number, 0 or more"),
        ('key = "single_meter"', 'key = "meter"', "key", "must be 'single_meter', as the file is called"),
        ('form = "single_meter"', 'form = "paper"', "form", "there is no forms/paper.toml"),
        (
            'cite = "二(一)1：单表项目全流程压缩至 3-10 个工作日"\n',
            "",
            "total.cite",
            "the citation is missing (name the section of the source, or 本产品约定 and why)",
        ),
        (
            "limit = { min = 0.5, max = 1,",
            "limit = { min = 1.5, max = 1,",
            "stages[1].limit.min",
            "is greater than max",
        ),
        (
            "limit = { min = 0.5, max = 1,",
            "limit = { min = 0.3, max = 1,",
            "stages[1].limit.min",
            "must be working days in halves, such as 0.5 or 3",
        ),
        (
            "limit = { min = 0.5, max = 1,",
            "limit = { min = 0.5, max = nan,",
            "stages[1].limit.max",
            "must be a number",
        ),
        (
            "limit = { min = 0.5, max = 1,",
            'limit = { min = 0.5, max = "1",',
            "stages[1].limit.max",
            "must be a number",
        ),
        (
            "limit = { min = 1, max = 2, ",
            "limit = { ",
            "stages[2].limit",
            "a promised stage needs a max",
        ),
        ("same_day = true", 'same_day = "yes"', "stages[0].same_day", "must be true or false"),
        (
            'kind = "promised"',
            'kind = "vague"',
            "stages[1].kind",
            "must be one of promised, information, approval, return_visit, after_work",
        ),
        (
            'departments = ["design_institute"]',
            'departments = ["design"]',
            "stages[2].departments",
            "unknown department 'design'",
        ),
        (
            'department = "finance"',
            'department = "bank"',
            "stages[4].tasks[0].department",
            "unknown department 'bank'",
        ),
        ('key = "design"\n', 'key = "acceptance_plan"\n', "stages[2].key", "duplicate key 'acceptance_plan'"),
        (
            'key = "sign_agreement"',
            'key = "quote"',
            "stages[3].tasks[1].key",
            "duplicate key 'quote'",
        ),
        (
            '{ kind = "design_drawing", at_least = 1 }',
            '{ kind = "drawing_of_dreams", at_least = 1 }',
            "stages[2].tasks[0].documents[0].kind",
            "documents.toml has no 'drawing_of_dreams' that staff may bring",
        ),
        (
            '{ kind = "design_drawing", at_least = 1 }',
            '{ kind = "design_drawing", at_least = 0 }',
            "stages[2].tasks[0].documents[0].at_least",
            "must be more than 0",
        ),
        (
            'key = "road_permit"',
            'key = "fund_raising"',
            "stop_reasons[2].key",
            "duplicate key 'fund_raising'",
        ),
        (
            'asks = "请您备款并缴纳"',
            "",
            "stop_reasons[1].asks",
            "missing: what the customer is asked to do, such as 请您备款并缴纳",
        ),
        (
            'follows = ["design"]',
            'follows = ["drawing"]',
            "stages[3].follows",
            "unknown stage 'drawing'",
        ),
        (
            'follows = ["acceptance_plan"]',
            'follows = ["construction"]',
            "stages[2].follows",
            "'design' would wait for itself",
        ),
        (
            'after = ["quote"]',
            'after = ["payment"]',
            "stages[3].tasks[1].after",
            "unknown task of this stage 'payment'",
        ),
        (
            'after = ["payment"]',
            'after = ["water_on"]',
            "stages[4].tasks[1].after",
            "'build_and_accept' would wait for itself",
        ),
        (
            'pauses_clock = "fund_raising"',
            'pauses_clock = "weather"',
            "stages[4].tasks[0].pauses_clock",
            "the program does not allow the stop reason 'weather'",
        ),
        (
            'remind_after = { days = 3, cite = "本产品约定：备款期间不计时，3 个工作日后提醒跟进" }\n',
            "",
            "stages[4].tasks[0].remind_after",
            "missing: without it nobody would be reminded of this task",
        ),
        (
            'milestones = ["paid"]',
            'milestones = ["rich"]',
            "stages[4].tasks[0].milestones",
            "must be among acceptance_passed, paid, water_on",
        ),
        ('milestones = ["water_on"]\n', "", "stages", "no task sets 'water_on'"),
        (
            'ledger = "payment_fen"',
            'ledger = "trip"',
            "stages[4].tasks[0].outputs[0].ledger",
            "'trip' adds up values of kind 'integer'",
        ),
        (
            'choices_from = "calibres"',
            'choices_from = "colours"',
            "stages[1].tasks[4].outputs[0].choices_from",
            "city.toml has no list 'colours' under [choices]",
        ),
        (
            'name = "图纸编号", kind = "text", max_length = 50',
            'name = "图纸编号", kind = "text"',
            "stages[2].tasks[0].outputs[0].max_length",
            "missing",
        ),
        (
            'rules = [{ kind = "before_due", days = 0.5 }, { kind = "at_due" }]',
            'rules = [{ kind = "before_due" }, { kind = "at_due" }]',
            "stages[0].reminders.rules[0].days",
            "missing",
        ),
        (
            'stage = "construction"',
            'stage = "building"',
            "headline.spans[1].stage",
            "unknown stage 'building'",
        ),
        (
            'from_task = "build_and_accept"',
            'from_task = "quote"',
            "headline.spans[1].from_task",
            "stage 'construction' has no task 'quote'",
        ),
        ("documents = 1", "documents = 2", "headline.documents", "says 2, but documents lists 1"),
        ("links = 2", "links = 3", "headline.links", "says 3, but spans lists 2"),
    ],
)
def test_a_fault_is_named_by_file_key_and_what_is_wrong(
    city: Path, old: str, new: str, key: str, fault: str
) -> None:
    edit(city, old, new)
    assert ("single_meter.toml", key, fault) in faults(city)


def test_a_lower_bound_reminder_needs_a_bound_below_the_limit(city: Path) -> None:
    edit(city, "limit = { min = 1, max = 2,", "limit = { min = 2, max = 2,")
    assert (
        "single_meter.toml",
        "stages[2].reminders.rules[0].kind",
        "lower_bound needs a min below the max",
    ) in faults(city)


def test_all_faults_of_all_files_are_listed_together(city: Path) -> None:
    edit(city, "order = 1", "order = 2")
    edit(city, "max = 10\n", "max = 2\n")
    edit(city, 'name = "单表接水"\n', "")
    edit(city, "min = 2\n", "min = 20\n", "programs/three_zero.toml")
    assert [(file, key) for file, key, _ in faults(city)] == [
        ("single_meter.toml", "name"),
        ("single_meter.toml", "total.min"),
        ("three_zero.toml", "total.min"),
    ]


def test_the_text_of_the_error_has_a_line_for_each_fault(city: Path) -> None:
    edit(city, "max = 10\n", "max = 2\n")
    edit(city, 'name = "单表接水"\n', "")
    with pytest.raises(ConfigError) as caught:
        load_programs(city)
    file = city / "programs" / "single_meter.toml"
    assert str(caught.value).splitlines() == [
        f"{file}: name: missing",
        f"{file}: total.min: is greater than max",
    ]


def test_two_programs_can_not_have_the_same_place_in_the_order(city: Path) -> None:
    edit(city, "order = 3", "order = 2", "programs/residential.toml")
    assert faults(city) == [("three_zero.toml", "order", "2 is also that of another program")]


def test_a_file_that_is_not_toml_is_a_fault(city: Path) -> None:
    (city / "programs" / "single_meter.toml").write_text("order = = 1", encoding="utf-8")
    [(file, key, fault)] = faults(city)
    assert (file, key) == ("single_meter.toml", "")
    assert fault.startswith("is not valid TOML")


def test_a_file_in_another_encoding_is_a_fault(city: Path) -> None:
    (city / "programs" / "single_meter.toml").write_bytes('name = "单表"'.encode("gb18030"))
    [(file, _, fault)] = faults(city)
    assert file == "single_meter.toml"
    assert fault.startswith("is not valid TOML in UTF-8")


def test_a_city_without_programs_is_refused(city: Path) -> None:
    shutil.rmtree(city / "programs")
    assert faults(city) == [("programs", "", "holds no program")]


def test_a_city_folder_without_its_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"departments\.toml: can't be read"):
        load_programs(tmp_path)


def test_a_city_has_exactly_one_lead_department(city: Path) -> None:
    edit(city, "lead = true\n", "", "departments.toml")
    with pytest.raises(ConfigError, match="exactly one department must have lead = true"):
        load_departments(city)


@pytest.mark.parametrize(
    ("old", "new", "key", "fault"),
    [
        (
            'program = "single_meter", answers',
            'program = "double_meter", answers',
            "approval.check_eligibility.program_switch.program",
            "there is no program 'double_meter'",
        ),
        (
            'value = "not_eligible"',
            'value = "perhaps"',
            "stages[0].tasks[0].program_switch.field",
            "no output 'eligibility_decision' offers 'perhaps'",
        ),
        (
            'ledger = ["trip", "document", "payment_fen"]',
            'ledger = ["trip", "patience"]',
            "free_of.ledger",
            "'patience' must be one of document, payment_fen, trip",
        ),
        (
            'ledger = "utility_cost_fen"',
            'ledger = "payment_fen"',
            "stages[2].tasks[1].outputs",
            "free_of promises no 'payment_fen' is asked",
        ),
        (
            'not_above = ["network_survey.main_calibre_mm"]',
            'not_above = ["network_survey.main_material"]',
            "stages[1].tasks[1].outputs[4].not_above",
            "this stage has no calibre 'network_survey.main_material'",
        ),
    ],
)
def test_program_switches_promises_and_calibres_are_checked(
    city: Path, old: str, new: str, key: str, fault: str
) -> None:
    edit(city, old, new, "programs/three_zero.toml")
    assert ("three_zero.toml", key, fault) in faults(city)
