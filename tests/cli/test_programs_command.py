"""`programs list` and `programs check`, as a utility's IT runs them: no application, secret or database."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.programs import programs
from app.domain.city_folder import CITY_VARIABLE, city_folder

JINAN = city_folder({})


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(JINAN, tmp_path / "city"))


def test_json_is_one_array_and_nothing_else() -> None:
    result = CliRunner().invoke(programs, ["list", "--json"])
    assert result.exit_code == 0
    assert result.stderr == ""
    listed = json.loads(result.stdout)
    assert [program["key"] for program in listed] == ["single_meter", "three_zero", "residential"]
    for program in listed:
        assert list(program) == [
            "key",
            "name",
            "headline",
            "total",
            "stages",
            "stop_reasons",
            "documents",
            "source",
        ]
        for stage in program["stages"]:
            assert list(stage) == ["key", "name", "kind", "min", "max", "same_day", "departments"]


def test_json_is_utf_8_and_readable_whatever_the_terminal_says() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", "from app.cli.programs import programs; programs(['list', '--json'])"],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert "单表接水" in answer.stdout.decode("utf-8")
    assert json.loads(answer.stdout)[1]["headline"] is None


def test_the_command_loads_neither_web_framework_nor_database() -> None:
    script = (
        "import sys; from app.cli.programs import programs; programs(['list'], standalone_mode=False);"
        "sys.exit(bool({'flask', 'sqlalchemy', 'wechatpy'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        env={},
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr.decode()


def test_the_table_names_each_limit() -> None:
    result = CliRunner().invoke(programs, ["list"])
    assert result.exit_code == 0
    assert "受理并确定用水方案 (promised): 0.5 – 1 · 客户发展部、" in result.stdout
    assert "设计出图 (promised): up to 18 · 设计院" in result.stdout
    assert "信息传递 (information): same day · " in result.stdout
    assert "“三零”项目 (three_zero): no headline promise; in all 2 – 9 working days" in result.stdout
    assert "documents asked: none" in result.stdout


def test_another_city_is_listed_from_its_own_folder(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = city / "programs" / "single_meter.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("单表接水", "一户一表"), encoding="utf-8")
    monkeypatch.setenv(CITY_VARIABLE, str(city))
    result = CliRunner().invoke(programs, ["list", "--json"])
    assert json.loads(result.stdout)[0]["name"] == "一户一表"


def test_faulty_data_ends_the_list_with_the_fault_and_no_json(
    city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = city / "programs" / "single_meter.toml"
    file.write_text("order = 1\n", encoding="utf-8")
    monkeypatch.setenv(CITY_VARIABLE, str(city))
    result = CliRunner().invoke(programs, ["list", "--json"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"{file}: name: missing" in result.stderr


def test_check_finds_no_fault_in_the_citys_own_data() -> None:
    result = CliRunner().invoke(programs, ["check", str(JINAN)])
    assert (result.exit_code, result.stderr) == (0, "")


def test_check_prints_the_faults_of_every_file_once(city: Path) -> None:
    for name, old, new in (
        ("city.toml", 'hotline = "968133"\n', ""),
        ("departments.toml", 'name = "财务部"\n', ""),
        ("documents.toml", "most_by_customer = 100\n", 'most_by_customer = "many"\n'),
        ("messages.toml", 'title = "申请已撤回"\n', ""),
    ):
        file = city / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
    result = CliRunner().invoke(programs, ["check", str(city)])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{city / 'city.toml'}: hotline: missing",
        f"{city / 'departments.toml'}: departments[6].name: missing",
        f"{city / 'documents.toml'}: most_by_customer: must be a whole number, 0 or more",
        f"{city / 'messages.toml'}: messages.case_withdrawn.title: missing",
    ]


@pytest.mark.parametrize(
    ("name", "old", "fault"),
    [
        ("prices.toml", "fen = 98000\n", "estimate.items[0].fen: missing"),
        ("visits.toml", 'name = "客户回访"\n', "purposes[3].name: missing"),
        ("delivery.toml", 'summary_at = "08:00"\n', "summary_at: missing"),
        ("talk.toml", "", ""),
    ],
)
def test_check_reads_every_file_of_a_city(city: Path, name: str, old: str, fault: str) -> None:
    file = city / name
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(old, "", 1) if old else "", encoding="utf-8")
    result = CliRunner().invoke(programs, ["check", str(city)])
    assert result.exit_code == 1
    assert all(line.startswith(f"{file}: ") for line in result.stderr.splitlines())
    assert f"{file}: {fault}" in result.stderr


def test_check_names_a_visit_for_which_the_hours_leave_no_room(city: Path) -> None:
    file = city / "calendar.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('["13:30", "17:00"]', '["12:00", "12:15"]'), encoding="utf-8")
    result = CliRunner().invoke(programs, ["check", str(city)])
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == (
        f"{file}: office_hours[0].periods: 现场施工 (construction) takes 240 minutes: no room in"
        " the office hours from 2020-01-01 on"
    )


def test_check_of_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(programs, ["check", str(tmp_path / "nowhere")])
    assert result.exit_code == 2
