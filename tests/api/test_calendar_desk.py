"""The working calendar over HTTP: drafts, rehearsal, publication, and what they mean for cases."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.models import CalendarMove, Case, PromiseWatch, Task, Timer
from app.services.installation import city
from notifications.models import Notice
from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.world import SHANGHAI, Phone, World

DESK = "/staff/calendar"
NOTE = "关于2027年部分节假日安排的通知（虚构）"

# A made-up notice for 2027: the statutory days, four days in lieu placed otherwise than forecast, exchanges.
NOTICE_2027 = """\
# 虚构的通知，仅用于测试
2027-01-01,休,元旦
2027-01-04,休,元旦
2027-01-09,班,元旦
2027-02-05,休,农历除夕
2027-02-06,休,春节
2027-02-07,休,春节
2027-02-08,休,春节
2027-02-09,休,春节
2027-02-10,休,春节
2027-02-20,班,春节
2027-04-05,休,清明节
2027-05-01,休,劳动节
2027-05-02,休,劳动节
2027-05-03,休,劳动节
2027-05-04,休,劳动节
2027-06-09,休,端午节
2027-09-15,休,中秋节
2027-10-01,休,国庆节
2027-10-02,休,国庆节
2027-10-03,休,国庆节
2027-10-04,休,国庆节
"""

NARROW = [["09:00", "10:30"], ["10:40", "11:00"]]
LATE = [["10:00", "12:00"], ["13:30", "15:30"]]
EARLY = {"day": "2026-09-21", "periods": [["08:00", "12:00"], ["13:00", "16:00"]]}
PLAN = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")


def draft(world: World, **changes: Any) -> str:
    made = world.staff("S001").post(f"{DESK}/drafts", {"note": NOTE, **changes})
    return str(made["id"])


def rehearsed(world: World, draft_id: str) -> Any:
    return world.staff("S001").get(f"{DESK}/drafts/{draft_id}/rehearsal")


def published(world: World, draft_id: str) -> Any:
    return world.staff("S001").post(f"{DESK}/drafts/{draft_id}/publication")


def stage(progress: Any, key: str) -> Any:
    return next(item for item in progress["stages"] if item["key"] == key)


def notices(world: World, kind: str) -> list[tuple[str | None, str]]:
    """(recipient, body) of every notice of a kind."""
    with world.app.app_context(), atomic(read_only=True):
        rows = db.session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.seq))
        return [(row.customer_id or row.staff_id, row.body) for row in rows]


def due_dates(app: Flask) -> dict[str, Any]:
    with app.app_context(), atomic(read_only=True):
        return {row.id: row.due_at for row in db.session.execute(select(Task.id, Task.due_at))}


def test_before_any_publication_the_citys_folder_applies(world: World) -> None:
    found = world.staff("S001").get(DESK)
    assert found["published"] is None
    assert found["version"].startswith("holidays-")
    assert found["office_hours"] == [
        {"day": "2020-01-01", "periods": [["08:30", "12:00"], ["13:30", "17:00"]]}
    ]
    assert 2026 in found["announced_years"]
    assert 2027 not in found["announced_years"]


def test_a_december_case_is_provisional_until_the_notice_is_published(world: World) -> None:
    """It works all the time; the notice moves its due date, and takes the mark away."""
    world.at("2026-12-30 10:00")
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer)
    world.at("2026-12-31 16:00")
    for key in PLAN:
        world.complete(case["id"], key)
    before = customer.get(f"/customer/cases/{case['id']}")
    assert stage(before, "acceptance_plan")["provisional"] is False
    # One hour of Thursday, the whole of Monday the 4th, six hours of Tuesday, as forecast.
    assert (stage(before, "design")["due_at"], stage(before, "design")["provisional"]) == (
        "2027-01-05T16:00:00+08:00",
        True,
    )
    published(world, draft(world, notice={"text": NOTICE_2027}))
    after = customer.get(f"/customer/cases/{case['id']}")
    # The 4th is off by this notice.
    assert (stage(after, "design")["due_at"], stage(after, "design")["provisional"]) == (
        "2027-01-06T16:00:00+08:00",
        False,
    )
    assert after["calendar_version"].startswith("jinan-1/holidays-")
    found = world.staff("S001").get(DESK)
    assert found["published"]["number"] == 1
    assert 2027 in found["announced_years"]
    history = customer.get(f"/customer/cases/{case['id']}/timeline")["items"]
    assert history[-1]["text"] == (
        "因工作日历更新，“设计出图”预计完成时间由2027-01-05 16:00调整为2027-01-06 16:00"
    )


def test_rehearsing_changes_nothing_and_publishing_does_exactly_that(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    moving = world.submitted(customer)
    other = world.log_in("o_other", "13800000002")
    # Due on Friday morning, before the new hours begin.
    world.at("2026-09-17 09:00")
    staying = world.submitted(other, contact_phone="13800000002")
    world.at("2026-09-18 16:00")
    for key in PLAN:
        world.complete(moving["id"], key)
    world.work()
    before = due_dates(world.app)
    made = draft(world, office_hours=[EARLY])
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        plan = supervisor.get(f"{DESK}/drafts/{made}/rehearsal")
    assert plan["counts"] == {"checked": 2, "cases": 1, "stages": 1, "tasks": 1, "customers_told": 1}
    (line,) = plan["items"]
    assert line["number"] == moving["number"]
    assert line["stages"] == [
        {
            "name": "设计出图",
            "department": None,
            "was": "2026-09-21T16:00:00+08:00",
            "becomes": "2026-09-21T15:00:00+08:00",
        }
    ]
    answer = published(world, made)
    assert answer["counts"] == plan["counts"]
    after = due_dates(world.app)
    moved = {task_id for task_id in after if after[task_id] != before[task_id]}
    assert len(moved) == 1
    assert (
        stage(customer.get(f"/customer/cases/{moving['id']}"), "design")["due_at"]
        == line["stages"][0]["becomes"]
    )
    world.work()
    told = notices(world, "due_moved")
    assert len(told) == 1
    assert "由2026-09-21 16:00调整为2026-09-21 15:00" in told[0][1]
    # Two designers and the manager.
    assert len(notices(world, "task_due_moved")) == 3
    world.work()
    assert len(notices(world, "due_moved")) == 1
    assert other.get(f"/customer/cases/{staying['id']}")["calendar_version"].startswith("jinan-1/")


def test_timers_move_with_their_task_and_no_other(world: World) -> None:
    case = world.submitted(world.log_in("o_customer", "13800000001"))
    world.at("2026-09-18 16:00")
    for key in PLAN:
        world.complete(case["id"], key)
    second = world.submitted(world.log_in("o_other", "13800000002"), contact_phone="13800000002")
    world.work()
    untouched = timers(world.app, second["id"])
    assert timers(world.app, case["id"]) == [
        # Lower bound, half a day before, at due; then overdue at the next opening.
        ("reminder", "2026-09-20 16:00", "lower_bound"),
        ("reminder", "2026-09-21 11:00", "before_due"),
        ("reminder", "2026-09-21 16:00", "at_due"),
        ("overdue", "2026-09-22 08:30", ""),
    ]
    published(world, draft(world, office_hours=[EARLY]))
    assert timers(world.app, case["id"]) == [
        ("reminder", "2026-09-20 16:00", "lower_bound"),
        ("reminder", "2026-09-21 10:30", "before_due"),
        ("reminder", "2026-09-21 15:00", "at_due"),
        ("overdue", "2026-09-22 08:00", ""),
    ]
    # Due on Sunday at 16:00; the telling that it is overdue comes on Monday morning, at the new opening.
    assert [timer for timer in timers(world.app, second["id"]) if timer[0] == "reminder"] == [
        timer for timer in untouched if timer[0] == "reminder"
    ]
    assert {timer[1] for timer in timers(world.app, second["id"]) if timer[0] == "overdue"} == {
        "2026-09-21 08:00"
    }


def test_the_watch_over_the_whole_promise_moves_too(world: World) -> None:
    case = world.submitted(world.log_in("o_customer", "13800000001"))["id"]
    world.at("2026-09-18 16:00")
    for key in PLAN:
        world.complete(case, key)
    world.work()

    def watched() -> dict[str, str]:
        with world.app.app_context(), atomic(read_only=True):
            rows = db.session.scalars(select(PromiseWatch).where(PromiseWatch.case_id == case))
            return {row.watch: row.due_at.astimezone(SHANGHAI).isoformat() for row in rows}

    def threat() -> dict[str, str]:
        return {"total": world.staff("S001").get(f"/staff/cases/{case}/budget")["threat"]["at"]}

    before = watched()
    # The design's two days, from Friday 16:00: an hour of it, Sunday (worked), six hours of Monday; and the
    # hour and a half that acceptance left of its day.
    assert before == threat() == {"total": "2026-09-22T09:00:00+08:00"}
    published(world, draft(world, office_hours=[EARLY]))
    assert watched() == threat() == {"total": "2026-09-22T08:30:00+08:00"}


def test_an_overdue_task_is_notified_once_a_working_day_across_a_publication(world: World) -> None:
    case = world.submitted(world.log_in("o_customer", "13800000001"))
    world.at("2026-09-21 08:30")
    # The telling of Sunday, when the jobs were down, and that of today.
    world.work()
    world.work()
    told = len(notices(world, "task_overdue"))
    assert told
    world.at("2026-09-21 10:00")
    published(world, draft(world, office_hours=[{"day": "2026-09-22", "periods": [["09:00", "17:00"]]}]))
    world.work()
    assert len(notices(world, "task_overdue")) == told
    assert {timer[1] for timer in timers(world.app, case["id"])} == {"2026-09-22 09:00"}
    world.at("2026-09-22 09:00")
    world.work()
    assert len(notices(world, "task_overdue")) > told


def test_a_stopped_case_has_no_due_date_to_move_and_resumes_by_the_new_hours(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer)
    manager = world.staff("G001")
    evidence = {"reason": "road_permit", "party": "authority", "evidence": "受理单"}
    stop = manager.post(f"/staff/cases/{case['id']}/stops", evidence)
    world.at("2026-09-18 10:00")
    answer = published(world, draft(world, office_hours=[EARLY]))
    assert answer["counts"]["cases"] == 0
    world.at("2026-09-21 08:00")
    manager.post(f"/staff/cases/{case['id']}/stops/{stop['id']}/end")
    progress = customer.get(f"/customer/cases/{case['id']}")
    # Submitted and stopped on Friday at 09:00, so that the whole day is left, from 08:00 to 16:00.
    assert stage(progress, "acceptance_plan")["due_at"] == "2026-09-21T16:00:00+08:00"


def test_a_closed_case_keeps_its_figures_and_version(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    case = close_case(world, customer)
    before = customer.get(f"/customer/cases/{case['id']}")
    assert before["state"] == "closed"
    # Hours long gone, so that every figure would be another one.
    answer = published(world, draft(world, office_hours=[{"day": "2026-09-01", "periods": LATE}]))
    after = customer.get(f"/customer/cases/{case['id']}")
    assert after == before
    with world.app.app_context(), atomic(read_only=True):
        assert db.session.scalars(select(Case.calendar_version)).one() == before["calendar_version"]
        # The work that is left after it (竣工归档) is still due, by the new hours.
        assert db.session.scalars(select(CalendarMove.case_id).distinct()).all() == [case["id"]]
    assert answer["counts"]["customers_told"] == 0
    world.work()
    assert notices(world, "due_moved") == []


def test_dated_summer_hours_count_from_their_first_day(world: World) -> None:
    published(
        world,
        draft(
            world,
            office_hours=[
                {"day": "2027-06-01", "periods": [["08:00", "12:00"], ["14:00", "18:00"]]},
                {"day": "2027-10-01", "periods": [["08:30", "12:00"], ["13:30", "17:00"]]},
            ],
            half_days=[{"day": "2027-06-03", "periods": [["08:00", "11:00"]]}],
        ),
    )
    customer = world.log_in("o_customer", "13800000001")
    for opened, due in (
        ("2027-05-31 16:00", "2027-06-01T16:51:25+08:00"),
        ("2027-06-01 16:00", "2027-06-02T16:00:00+08:00"),
        # A quarter of Wednesday, the half day, a quarter of Friday.
        ("2027-06-02 16:00", "2027-06-04T10:00:00+08:00"),
    ):
        world.at(opened)
        customer = world.log_in("o_customer", "13800000001")
        case = world.submitted(customer)
        progress = customer.get(f"/customer/cases/{case['id']}")
        assert stage(progress, "acceptance_plan")["due_at"] == due


def test_hours_and_days_can_be_removed(world: World) -> None:
    half = {"day": "2027-06-03", "periods": [["08:00", "11:00"]]}
    published(
        world, draft(world, office_hours=[EARLY], half_days=[half], notice={"text": "2026-11-20,休,演示"})
    )
    taken = [{"day": EARLY["day"], "periods": []}]
    gone = [{"day": half["day"], "periods": []}]
    published(world, draft(world, office_hours=taken, half_days=gone, notice={"text": "2026-11-20,常"}))
    found = world.staff("S001").get(DESK)
    assert found["published"]["number"] == 2
    assert (len(found["office_hours"]), found["half_days"], found["days"]) == (1, [], [])


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"notice": {"text": "2027-02-30,休,春节\n2027-02-11,放,春节\n2027-02-12,休"}}, [1, 2, 3]),
        ({"notice": {"text": "2027-01-01,休,元旦"}}, [0]),
        ({"notice": {"text": "# 空"}}, [0]),
    ],
)
def test_every_fault_of_a_notice_is_listed_by_its_line(world: World, change: Any, fields: list[int]) -> None:
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        answer = supervisor.send("POST", f"{DESK}/drafts", {"note": NOTE, **change})
        problem = refused(answer, 422, "invalid_fields")
    assert [error["field"] for error in problem["errors"]] == [f"notice.{line}" for line in fields]


@pytest.mark.parametrize(
    "change",
    [
        {"office_hours": [{"day": "2026-06-01", "periods": [["12:00", "08:00"]]}]},
        {"office_hours": [{"day": "2026-06-01", "periods": [["08:00", "12:00"], ["11:00", "17:00"]]}]},
        {"office_hours": [{"day": "2020-01-01", "periods": []}]},
        {"office_hours": [{"day": "2019-12-31", "periods": [["08:00", "12:00"]]}]},
        {"office_hours": [{"day": "2026-06-01", "periods": [["8", "12:00"]]}]},
        {"half_days": [{"day": "2026-06-01", "periods": [["08:00"]]}]},
        {"half_days": [{"day": "2026-13-01", "periods": []}]},
        {"half_days": [{"day": "2026-06-01", "periods": []}, {"day": "2026-06-01", "periods": []}]},
        {"notice": {"text": "2027-01-01\u0000"}},
        {"notice": {"year": 2100, "text": "2027-01-01,休,元旦"}},
        {"note": ""},
    ],
)
def test_a_faulty_draft_is_refused(world: World, change: Any) -> None:
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        answer = supervisor.send("POST", f"{DESK}/drafts", {"note": NOTE, **change})
        refused(answer, 422, "invalid_fields")


def test_only_supervisors_tend_the_calendar(world: World) -> None:
    made = draft(world)
    manager = world.staff("G001")
    with nothing_changes(world.app):
        refused(manager.send("GET", DESK), 403, "not_allowed")
        refused(manager.send("POST", f"{DESK}/drafts", {"note": NOTE}), 403, "not_allowed")
        refused(manager.send("GET", f"{DESK}/drafts/{made}/rehearsal"), 404, "not_found")
        refused(manager.send("POST", f"{DESK}/drafts/{made}/publication"), 404, "not_found")


def test_a_draft_is_published_once_and_not_over_a_later_one(world: World) -> None:
    first, second = draft(world, office_hours=[EARLY]), draft(world)
    published(world, first)
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        refused(supervisor.send("POST", f"{DESK}/drafts/{first}/publication"), 409, "already_done")
        refused(supervisor.send("POST", f"{DESK}/drafts/{second}/publication"), 409, "conflict")
        refused(supervisor.send("GET", f"{DESK}/drafts/{second}/rehearsal"), 409, "conflict")


def test_a_refused_publication_leaves_the_old_calendar(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the number: the next publication is the first."""
    world.submitted(world.log_in("o_customer", "13800000001"))
    made = draft(world, office_hours=[EARLY])
    supervisor = world.staff("S001")

    def breaks(*_args: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch, nothing_changes(world.app):
        patch.setattr("app.services.calendar_desk.publish_calendar._apply", breaks)
        assert supervisor.send("POST", f"{DESK}/drafts/{made}/publication").status_code == 500
    other = draft(world)
    assert published(world, other)["version"]["number"] == 1
    assert len(supervisor.get(DESK)["office_hours"]) == 1


def test_a_due_date_that_moved_again_is_not_notified(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer)
    published(world, draft(world, office_hours=[{**EARLY, "day": "2026-09-20"}]))
    published(world, draft(world, office_hours=[{"day": "2026-09-20", "periods": []}]))
    world.work()
    told = notices(world, "due_moved")
    assert len(told) == 1
    assert "调整为2026-09-20 09:00" in told[0][1]
    assert stage(customer.get(f"/customer/cases/{case['id']}"), "acceptance_plan")["due_at"].startswith(
        "2026-09-20T09:00"
    )


def timers(app: Flask, case_id: str) -> list[tuple[str, str, str]]:
    with app.app_context(), atomic(read_only=True):
        rows = db.session.scalars(
            select(Timer).where(Timer.case_id == case_id).order_by(Timer.due_at, Timer.kind.desc())
        )
        return [
            (row.kind, row.due_at.astimezone(city.zone()).strftime("%Y-%m-%d %H:%M"), row.reminders)
            for row in rows
        ]


def close_case(world: World, customer: Phone) -> Any:
    case = world.submitted(customer)
    world.at("2026-09-18 15:00")
    for key in PLAN:
        world.complete(case["id"], key)
    world.at("2026-09-18 16:00")
    for key in ("drawings", "quote", "sign_agreement", "payment", "build_and_accept", "water_on"):
        world.complete(case["id"], key)
    world.complete(case["id"], "return_visit")
    return case


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_hours_in_which_a_visit_fits_nowhere_are_refused_by_its_name(world: World) -> None:
    desk = world.staff("S001")
    body = {"note": NOTE, "office_hours": [EARLY, {"day": "2026-12-01", "periods": NARROW}]}
    errors = refused(desk.send("POST", f"{DESK}/drafts", body), 422, "invalid_fields")["errors"]
    assert [error["field"] for error in errors] == ["office_hours.1"] * 5
    assert [error["message"] for error in errors][:2] == [
        "从2026-12-01起的办公时间放不下“现场施工”（需240分钟），请延长时段。",
        "从2026-12-01起的办公时间休息过短，不够“上门受理并确定用水方案”的路程时间，请延长休息时段。",
    ]
    # Hours that were over before today concern nobody's booking.
    past = {"day": "2026-03-01", "periods": NARROW}
    draft(world, office_hours=[past, {"day": "2026-06-01", "periods": EARLY["periods"]}])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_exchanged_day_is_made_ordinary_and_exchanged_again(world: World) -> None:
    """10 October 2026 is worked for the 7th, as the package knows; a corrected notice takes that back."""
    made = draft(world, notice={"text": "2026-10-10,常\n2026-10-07,常\n"})
    assert rehearsed(world, made)["days"] == [
        {"day": "2026-10-07", "was": "holiday", "becomes": "workday", "name": "", "working_days": "1"},
        {
            "day": "2026-10-10",
            "was": "make-up workday",
            "becomes": "weekend",
            "name": "",
            "working_days": "0",
        },
    ]
    published(world, made)
    kinds = [entry["kind"] for entry in world.staff("S001").get(DESK)["days"]]
    assert (kinds, kind_of(world, "2026-10-10"), kind_of(world, "2026-10-07")) == (
        ["常", "常"],
        "weekend",
        "workday",
    )
    again = draft(world, notice={"text": "2026-10-10,班,国庆节\n2026-10-07,休,国庆节\n"})
    assert [day["becomes"] for day in rehearsed(world, again)["days"]] == ["holiday", "make-up workday"]
    published(world, again)
    assert (kind_of(world, "2026-10-10"), kind_of(world, "2026-10-07")) == ("make-up workday", "holiday")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_ordinary_day_of_a_notice_that_changes_nothing_is_refused_by_its_line(world: World) -> None:
    desk = world.staff("S001")
    text = "2026-10-10,常\n2026-10-01,常\n2026-11-20,常\n2026-11-21,常\n"
    answer = desk.send("POST", f"{DESK}/drafts", {"note": NOTE, "notice": {"text": text}})
    errors = refused(answer, 422, "invalid_fields")["errors"]
    assert [(error["field"], error["message"]) for error in errors] == [
        ("notice.2", "第2行：2026-10-01是法定节假日（国庆节），不能改为平常日，请核对日期。"),
        ("notice.3", "第3行：2026-11-20本来就是平常日，请核对日期。"),
        ("notice.4", "第4行：2026-11-21本来就是平常日，请核对日期。"),
    ]
    # Of a forecast, too: nothing is exchanged before the notice is out.
    only = desk.send("POST", f"{DESK}/drafts", {"note": NOTE, "notice": {"text": "2026-10-10,常"}})
    assert only.status_code == 201


def kind_of(world: World, day: str) -> str:
    with world.app.app_context(), atomic(read_only=True):
        return city.working_time().day(date.fromisoformat(day)).kind.value
