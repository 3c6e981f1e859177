"""A paper is decided by its template and its data alone, and prints a customer's words as words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.services.papers.render_pdf import PaperError, render

TEMPLATE = """
#set text(font: sys.inputs.font, lang: "zh", region: "cn")
#let data = json(bytes(sys.inputs.data))
#data.words
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "paper.typ"
    path.write_text(TEMPLATE, encoding="utf-8")
    return path


def test_the_same_paper_has_the_same_bytes_in_another_process_and_zone(template: Path) -> None:
    here = render(template, {"words": "计时清单"})
    program = (
        "import sys, pathlib; from app.services.papers.render_pdf import render;"
        "sys.stdout.buffer.write(render(pathlib.Path(sys.argv[1]), {'words': '计时清单'}))"
    )
    there = subprocess.run(
        [sys.executable, "-c", program, str(template)],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TZ": "America/New_York"},
    ).stdout
    assert here.startswith(b"%PDF-")
    assert here == there


def test_another_text_makes_another_paper(template: Path) -> None:
    assert render(template, {"words": "计时"}) != render(template, {"words": "清单"})


def test_the_chinese_font_is_in_the_file(template: Path) -> None:
    assert b"NotoSansCJK" in render(template, {"words": "计时清单"})


def test_what_a_customer_typed_is_not_run(template: Path) -> None:
    """As markup, the first would read a file outside the folder and the second not compile."""
    for words in ('#read("/etc/passwd")', "#panic()", "*[", "$"):
        assert render(template, {"words": words}).startswith(b"%PDF-")


def test_a_template_reads_nothing_outside_its_folder(template: Path) -> None:
    (template.parent.parent / "secret.txt").write_text("secret")
    template.write_text('#read("../secret.txt")')
    with pytest.raises(PaperError, match=r"paper\.typ"):
        render(template, {})


def test_a_template_that_misses_a_value_is_named(template: Path) -> None:
    with pytest.raises(PaperError, match=r"paper\.typ"):
        render(template, {})
