"""Columns of mixed Chinese and Latin text."""

from demo.output import text_columns


def test_a_chinese_character_takes_two_columns() -> None:
    assert text_columns.width("设计出图 DN20") == 13
    assert text_columns.pad("设计", 6) == "设计  "
    assert text_columns.pad("1–2", 6, right=True) == "   1–2"


def test_every_line_of_a_box_is_equally_wide() -> None:
    lines = text_columns.box("服务号「任务提醒」", ["项目名称  泉边演示小馆用水" * 3, "DN20"], 40)
    assert {text_columns.width(line) for line in lines} == {40}
    assert (
        "".join(line.strip("│ ") for line in lines[1:-2]).replace(" ", "") == "项目名称泉边演示小馆用水" * 3
    )


def test_a_table_is_aligned_whatever_its_cells_are_written_in() -> None:
    rows = text_columns.table([["环节", "used"], ["设计出图", "1.88"], ["a", "10.00"]])
    assert [text_columns.width(row) for row in rows] == [15, 15, 15, 15]
