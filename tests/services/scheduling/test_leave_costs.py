"""What leave costs those who look for openings: no more for long leave, nothing for leave that is over."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select, text

from app.core.atomic import atomic
from app.core.db import db
from app.models import Staff, StaffLeave
from app.services.people import acting
from app.services.scheduling import roster
from app.services.scheduling.working_hours import Stretch
from tests.world import World, local

NOW = local("2026-09-18 09:00")
TWO_WEEKS = Stretch.of(NOW, NOW + timedelta(days=14))
MANY = 10_000


def staff_ids() -> list[str]:
    return list(db.session.scalars(select(Staff.id).order_by(Staff.number)))


def years_of_leave() -> None:
    """Ten thousand leaves of the past years, of everybody in turn."""
    ids = staff_ids()
    db.session.execute(
        insert(StaffLeave),
        [
            {
                "staff_id": ids[number % len(ids)],
                "deputy_id": ids[(number + 1) % len(ids)],
                "starts_at": NOW - timedelta(hours=number + 9),
                "ends_at": NOW - timedelta(hours=number + 1),
            }
            for number in range(MANY)
        ],
    )


def test_a_decade_of_leave_is_as_much_work_as_a_fortnight(world: World) -> None:
    with world.app.app_context(), atomic():
        ids = staff_ids()
        for staff_id, days in zip(ids[:2], (20, 3650), strict=True):
            db.session.add(
                StaffLeave(
                    staff_id=staff_id,
                    deputy_id=ids[2],
                    starts_at=NOW - timedelta(days=days),
                    ends_at=NOW + timedelta(days=days),
                )
            )
        db.session.flush()
        absent = roster.absences(roster.by_id(ids), TWO_WEEKS)
    assert absent.away[ids[0]] == absent.away[ids[1]] == TWO_WEEKS.whole


def test_leave_that_touches_the_stretch_counts_from_where_it_touches(world: World) -> None:
    with world.app.app_context():
        first = TWO_WEEKS.starts_at
        hour = TWO_WEEKS.touched_by(first - timedelta(days=9), first + timedelta(hours=1))
        part = TWO_WEEKS.touched_by(first + timedelta(minutes=50), first + timedelta(minutes=65))
    assert (hour, part) == (0b1111, 0b11000)


def test_leave_that_is_over_is_not_read(world: World) -> None:
    with world.app.app_context():
        with atomic():
            years_of_leave()
            # The one leave that counts.
            manager, deputy = db.session.scalars(
                select(Staff.id).where(Staff.is_manager.is_(True)).order_by(Staff.number)
            )
            db.session.add(
                StaffLeave(staff_id=manager, deputy_id=deputy, starts_at=NOW, ends_at=NOW + timedelta(days=1))
            )
        with atomic():
            assert db.session.scalar(select(func.count()).select_from(StaffLeave)) == MANY + 1
            asked = {"ids": staff_ids(), "starts": TWO_WEEKS.starts_at, "ends": TWO_WEEKS.ends_at}
            assert _leave_rows_read(roster._ABSENCES, asked) <= 1
            assert _leave_rows_read(acting.ABSENT, {"at": NOW}) <= 1
            assert acting.principals(deputy, NOW) == {manager, deputy}


def _leave_rows_read(statement: Any, asked: dict[str, Any]) -> int:
    """How many rows of leave are looked at. On SQLite, which does not count: 0 for a range of an index."""
    connection = db.session.connection()
    dialect = connection.dialect
    bound = statement.params(asked).compile(
        dialect=dialect, compile_kwargs={"literal_binds": True, "render_postcompile": True}
    )
    if dialect.name == "sqlite":
        plan = [row[-1] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {bound}"))]
        lines = [line for line in plan if "staff_leaves" in line]
        assert lines
        return 0 if all("ends_at>?" in line for line in lines) else MANY
    connection.execute(text("ANALYZE staff_leaves"))
    sql = str(bound).replace(":", r"\:")
    (found,) = connection.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")).one()
    return _read(found[0]["Plan"])


def _read(plan: dict[str, Any]) -> int:
    own = 0
    if plan.get("Relation Name") == "staff_leaves" or "staff_leaves" in plan.get("Index Name", ""):
        own = int(plan["Actual Rows"] * plan["Actual Loops"]) + plan.get("Rows Removed by Filter", 0)
    return own + sum(_read(part) for part in plan.get("Plans", ()))
