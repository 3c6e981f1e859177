"""A day of the clock statement, drawn with what counted and what stood still in the order of its hours."""

from datetime import date
from typing import Any

from demo.output import day_pictures
from demo.output.day_pictures import Segment

ORDINARY: dict[str, Any] = {
    "date": "2026-09-22",
    "kind": "workday",
    "why": "",
    "office_hours": ["08:30-12:00", "13:30-17:00"],
    "counted_minutes": "420.00",
    "share_exact": "1",
    "stopped_exact": "0",
    "stops": [],
}
STRETCH = {"start": "2026-09-18T09:20:00+08:00", "end": "2026-09-30T15:30:00+08:00"}


def _drawn(*stretches: dict[str, str], **day: Any) -> day_pictures.DayPicture:
    (picture,) = day_pictures.draw({"stretches": stretches or [STRETCH], "days": [{**ORDINARY, **day}]})
    return picture


def test_a_whole_day() -> None:
    day = _drawn()
    assert (day.kind, day.share, day.stopped, day.badge) == ("counted", "1.00", "", "")
    assert day.segments == [Segment("counted", 0, 100)]
    assert day.note == "计时 7 小时，合 1 个工作日"


def test_a_stop_stands_where_it_was_in_the_day() -> None:
    stop = {
        "reason": "备款",
        "party_name": "客户",
        # Over the lunch break: half an hour before it and one after it, of seven.
        "start": "2026-09-22T11:30:00+08:00",
        "end": "2026-09-22T14:30:00+08:00",
    }
    day = _drawn(stops=[stop], share_exact="11/14", stopped_exact="3/14", counted_minutes="330.00")
    assert (day.kind, day.share, day.stopped) == ("part", "0.79", "0.21")
    assert [(part.kind, part.left, part.width) for part in day.segments] == [
        ("counted", 0, 42.86),
        ("stopped", 42.86, 21.43),
        ("counted", 64.29, 35.71),
    ]
    assert day.note == "计时 5 小时 30 分，合 11/14 个工作日；停钟 3/14 个工作日：备款（客户）"


def test_what_lies_before_the_beginning_and_after_the_end_is_blank() -> None:
    short = {"start": "2026-09-22T10:15:00+08:00", "end": "2026-09-22T15:15:00+08:00"}
    day = _drawn(short, share_exact="1/2", counted_minutes="210.00")
    assert day.segments == [Segment("counted", 25, 50)]


def test_a_day_on_which_nobody_works_has_no_hours() -> None:
    why = "中秋节（国务院公布的节假日），不计时"
    day = _drawn(kind="holiday", why=why, office_hours=[], share_exact="0", counted_minutes="0.00")
    assert (day.kind, day.label, day.badge, day.segments, day.note) == ("rest", "中秋节", "休", [], why)


def test_a_make_up_workday_is_marked() -> None:
    assert _drawn(kind="make-up workday", why="调休上班（换 2026-10-06 休息）").badge == "班"


def test_a_half_open_day_is_a_part_of_a_day() -> None:
    day = _drawn(
        kind="half day",
        why="半日办公",
        office_hours=["08:30-12:00"],
        share_exact="1/2",
        counted_minutes="210.00",
    )
    assert (day.kind, day.share) == ("part", "0.50")
    assert day.segments == [Segment("counted", 0, 100)]


def test_the_calendar_begins_on_a_monday_and_names_the_months() -> None:
    days = day_pictures.draw(
        {"stretches": [STRETCH], "days": [{**ORDINARY, "date": f"2026-{day}"} for day in ("09-30", "10-01")]}
    )
    assert day_pictures.blanks_before(days) == date(2026, 9, 30).weekday() == 2
    assert [day.name for day in days] == ["30", "10月1"]
