"""A PDF is its data and nothing else: the same bytes each time, and no value is ever taken for markup."""

from pathlib import Path

import pytest
import typst

from app.services.papers.render import render

TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(date: none)
#set text(font: "Noto Sans CJK TC", lang: "zh", region: "cn")
#data.name
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "paper.typ"
    file.write_text(TEMPLATE, encoding="utf-8")
    return file


def test_the_same_data_gives_the_same_bytes(template: Path) -> None:
    first = render(template, {"name": "钱多多"})
    assert first.startswith(b"%PDF-")
    assert render(template, {"name": "钱多多"}) == first
    assert render(template, {"name": "钱少少"}) != first


def test_a_value_can_not_reach_into_the_template(template: Path) -> None:
    assert render(template, {"name": '#read("paper.typ") #panic("x") $x$ *'}).startswith(b"%PDF-")


def test_a_template_reads_nothing_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    folder = tmp_path / "papers"
    folder.mkdir()
    file = folder / "paper.typ"
    file.write_text('#read("../secret.txt")', encoding="utf-8")
    with pytest.raises(typst.TypstError):
        render(file, {})
