"""A program can't bind a task to a quote, a paper or a calibre that it does not have."""

import shutil
from pathlib import Path

import pytest

from app.domain.city_folder import city_folder
from app.domain.config_error import ConfigError
from app.domain.programs.definition import Program
from app.domain.programs.loader import load_programs
from app.domain.programs.tasks import Pricing
from app.domain.toml_reader import each_fault

JINAN = city_folder({})
PROGRAMS = load_programs(JINAN)


def bindings(program: Program) -> dict[str, tuple[Pricing | None, bool, str | None]]:
    return {
        task.key: (task.issues_quote, task.requires_choice, task.requires_paper)
        for stage in program.stages
        for task in stage.tasks
        if task.issues_quote or task.requires_choice or task.requires_paper
    }


def test_what_each_program_has_the_customer_choose_and_sign() -> None:
    contract = {"water_on": (None, False, "supply_contract")}
    assert {key: bindings(program) for key, program in PROGRAMS.items()} == {
        "single_meter": {
            "quote": (Pricing.PRICE_LIST, True, None),
            "sign_agreement": (None, False, "agreement"),
            **contract,
        },
        # 零费用: nothing is quoted and nothing agreed on, but water is supplied under a contract.
        "three_zero": contract,
        "residential": {
            "estimate": (Pricing.ESTIMATE, False, None),
            "estimate_accepted": (None, True, None),
            "sign_agreement": (None, False, "agreement"),
            **contract,
        },
    }


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_completion_papers_must_agree_with_the_survey(program: Program) -> None:
    outputs = {output.key: output for output in program.stage("after_work").task("completion_papers").outputs}
    assert outputs["drawings_agree"].must_be_true


@pytest.mark.parametrize(
    ("old", "new", "key", "fault"),
    [
        (
            'issues_quote = "price_list"\n',
            "",
            "stages[3].tasks[0].requires_choice",
            "no task of the program issues a quote",
        ),
        (
            'issues_quote = "price_list"\n',
            "",
            "stages[4].tasks[0].outputs[0].agrees_with",
            "no task of the program issues a quote",
        ),
        (
            'requires_paper = "agreement"',
            'requires_paper = "napkin"',
            "stages[3].tasks[1].requires_paper",
            "papers/papers.toml has no paper 'napkin'",
        ),
        (
            'requires_paper = "agreement"\n',
            "",
            "stages[3].tasks[1].outputs[0].agrees_with",
            "the task requires no paper",
        ),
        (
            'requires_paper = "supply_contract"\n',
            "",
            "stages[4].tasks[2].outputs[0].in_paper",
            "the task requires no paper",
        ),
        (
            'at_most = "chosen_calibre"',
            'at_most = "colour"',
            "stages[4].tasks[2].outputs[1].at_most",
            "no task delivers a choice 'colour'",
        ),
        (
            'agrees_with = "quoted_option"',
            'agrees_with = "quoted_amount"',
            "stages[3].tasks[0].outputs[1].agrees_with",
            "'quoted_amount' is a value of kind 'fen'",
        ),
        (
            'agrees_with = "quoted_option"',
            'agrees_with = "the_wind"',
            "stages[3].tasks[0].outputs[1].agrees_with",
            "must be one of paper_number, quoted_amount, quoted_option",
        ),
        (
            'key = "receipt_number"',
            'key = "receipt"',
            "stages[4].tasks[0].outputs",
            "sets 'paid' and needs 'receipt_number' of kind 'text', required",
        ),
        (
            'kind = "text", max_length = 50 },\n  { key = "reviewed"',
            'kind = "text", max_length = 50, must_be_true = true },\n  { key = "reviewed"',
            "stages[2].tasks[0].outputs[0].must_be_true",
            "only a value of kind 'boolean' can be asked to be true",
        ),
        (
            'key = "chosen_calibre", name',
            'key = "calibre", name',
            "stages[3].tasks[0].issues_quote",
            "no task delivers 'chosen_calibre'",
        ),
    ],
)
def test_a_binding_without_its_counterpart_is_named(
    tmp_path: Path, old: str, new: str, key: str, fault: str
) -> None:
    city = Path(shutil.copytree(JINAN, tmp_path / "city"))
    file = city / "programs" / "single_meter.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_programs(city)
    assert (key, fault) in [(found.key, found.fault) for found in each_fault(caught.value)]
