"""Openings by rule: never outside hours, never overlapping for a person, travel kept, everybody there."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.office_hours import periods_of
from app.domain.slots import grid, openings
from app.domain.slots.openings import Need, Party, Person
from app.domain.slots.patterns import Pattern, breaks_of, in_force, pieces_of, week_written, weekly_of
from app.domain.workdays import DayKind

LENGTH = 48
FIRST = grid.piece_of(datetime(2026, 9, 21, tzinfo=UTC))
WHOLE = grid.between(0, 0, LENGTH)

sets = st.integers(0, WHOLE)
needs = st.builds(Need, st.integers(1, 8), st.integers(0, 3), st.integers(0, 3))
people = st.builds(Person, st.uuids().map(str), sets, sets)
roles = st.dictionaries(st.sampled_from("abc"), st.lists(people, max_size=3), max_size=3)


def bits(pieces: int) -> set[int]:
    return set(grid.members(0, pieces))


def could(person: Person, need: Need, start: int) -> bool:
    """The rule, said piece by piece."""
    visit = range(start, start + need.pieces)
    around = range(start - need.before, start + need.pieces + need.after)
    return all(piece in bits(person.working) for piece in visit) and all(
        piece in bits(person.idle) for piece in around
    )


@given(sets, st.integers(1, 20))
def test_runs_are_what_one_finds_by_looking(pieces: int, length: int) -> None:
    found = bits(grid.runs(pieces, length))
    assert found == {
        start for start in range(LENGTH) if all(start + step in bits(pieces) for step in range(length))
    }


@given(people, needs)
def test_a_person_can_begin_exactly_where_hours_and_travel_allow(person: Person, need: Need) -> None:
    assert bits(person.starts(need)) == {start for start in range(LENGTH) if could(person, need, start)}


@given(sets, st.lists(st.tuples(st.integers(0, LENGTH - 2), st.integers(1, 8)), max_size=3))
def test_a_break_is_bridged_exactly_where_somebody_works_on_both_sides(
    pieces: int, gaps: list[tuple[int, int]]
) -> None:
    breaks = [(begins, begins + length) for begins, length in gaps]
    expected = bits(pieces)
    for begins, ends in breaks:
        if begins - 1 in bits(pieces) and ends in bits(pieces):
            expected |= set(range(begins, ends))
    assert bits(grid.bridged(pieces, breaks)) == expected


def test_work_that_spans_breaks_begins_in_office_hours_and_ends_by_closing() -> None:
    """08:30 to 12:00 and 13:30 to 17:00; four hours of work."""
    office = periods_of([("08:30", "12:00"), ("13:30", "17:00")])
    hours = pieces_of(office)
    working = grid.bridged(hours, breaks_of(office))
    found = Person("", working, grid.between(0, 0, grid.PIECES_PER_DAY), hours).starts(Need(16, 1, 1, True))
    first, last = 34, 47
    assert list(grid.members(0, found)) == list(range(first, last + 1))
    assert (last + 16) * 15 == 15 * 60 + 45
    # Who goes home at noon has no break to span.
    morning = pieces_of(periods_of([("08:30", "12:00")]))
    assert grid.bridged(hours & morning, breaks_of(office)) == morning


@given(st.lists(people, min_size=1, max_size=3), roles, needs, sets, st.integers(0, LENGTH))
def test_at_every_opening_somebody_of_each_role_is_free(
    managers: list[Person], others: dict[str, list[Person]], need: Need, bookable: int, due: int
) -> None:
    lead, *stand_ins = managers
    party = Party(lead, stand_ins, others)
    kept = grid.between(0, 0, due)
    found = openings.starts(party, need, bookable, kept)
    assert found.own & found.stand_in == 0
    for start in grid.members(0, found.any):
        assert bookable >> start & 1
        comes = [lead] if found.own >> start & 1 else stand_ins
        assert openings.free_at(comes, need, 0, start)
        for role in others.values():
            assert openings.free_at(role, need, 0, start)
    missed = {
        start
        for start in grid.members(0, bookable)
        if could(lead, need, start)
        and all(any(could(one, need, start) for one in role) for role in others.values())
    }
    assert bits(found.own) == missed


@given(people, st.lists(people, min_size=1, max_size=3), needs, st.integers(0, LENGTH))
def test_a_stand_in_comes_only_where_the_manager_keeps_the_due_date_with_nothing(
    lead: Person, stand_ins: list[Person], need: Need, due: int
) -> None:
    kept = grid.between(0, 0, due)
    found = openings.starts(Party(lead, stand_ins, {}), need, WHOLE, kept)
    if found.own & kept:
        assert found.stand_in == 0
    elif found.own:
        assert all(start < min(bits(found.own)) for start in bits(found.stand_in))


@given(needs, st.integers(0, 3 * LENGTH), st.integers(1, 59))
def test_what_is_over_by_the_due_date_keeps_it(need: Need, due: int, minutes: int) -> None:
    due_at = grid.instant_of(FIRST + due) + timedelta(minutes=minutes)
    kept = openings.in_time(FIRST, FIRST + LENGTH, need, due_at)
    for start in range(LENGTH):
        ends_at = grid.instant_of(FIRST + start + need.pieces)
        assert (start in bits(kept)) == (ends_at <= due_at)


@given(st.integers(0, 10**15), st.integers(0, 2000), st.integers(0, 2000))
def test_instants_and_pieces_agree(microseconds: int, before: int, minutes: int) -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    piece = grid.piece_of(at)
    assert grid.instant_of(piece) <= at < grid.instant_of(piece + 1)
    assert grid.on_grid(at) == (grid.instant_of(piece) == at)
    first, until = piece - before, at + timedelta(minutes=minutes)
    inside, touched = grid.within(first, at, until), grid.touching(first, at, until)
    assert inside & ~touched == 0
    for member in grid.members(first, inside):
        assert at <= grid.instant_of(member)
        assert grid.instant_of(member + 1) <= until


def test_the_nearest_opening_keeps_the_due_date_unless_allowed_otherwise() -> None:
    def opening(piece: int, *, after_due: bool = False) -> openings.Opening:
        starts_at = grid.instant_of(FIRST + piece)
        return openings.Opening(starts_at, starts_at + timedelta(hours=1), after_due, stand_in=False)

    before, after, late = opening(4), opening(12), opening(9, after_due=True)
    to = grid.instant_of(FIRST + 8)
    assert openings.nearest([before, after, late], to) == before
    assert openings.nearest([before, after, late], to, late_too=True) == late
    assert openings.nearest([late], to) is None
    assert openings.nearest([], to) is None


def test_a_pattern_applies_from_its_day_until_the_next() -> None:
    summer = Pattern(date(2026, 6, 1), weekly_of({"mon": [["08:00", "11:00"]]}))
    winter = Pattern(
        date(2026, 10, 1), weekly_of({"mon": [["09:00", "12:00"]], "make_up": [["09:00", "10:00"]]})
    )
    both = [summer, winter]
    assert in_force(both, date(2026, 5, 31)) is None
    assert in_force(both, date(2026, 9, 30)) is summer
    assert in_force(both, date(2026, 10, 1)) is winter
    assert week_written(summer.weekly) == {"mon": [["08:00", "11:00"]]}
    monday, tuesday = date(2026, 9, 21), date(2026, 9, 22)
    assert summer.on(monday, DayKind.WORKDAY) == summer.weekly["mon"]
    assert summer.on(tuesday, DayKind.WORKDAY) == ()
    # Everybody works in exchange for a holiday, unless they have agreed on something else.
    assert summer.on(date(2026, 9, 20), DayKind.MAKE_UP_WORKDAY) is None
    assert winter.on(date(2026, 10, 10), DayKind.MAKE_UP_WORKDAY) == winter.weekly["make_up"]


@pytest.mark.parametrize(
    "week", [{"monday": [["08:00", "12:00"]]}, {"mon": [["12:00", "08:00"]]}, {"mon": [["8", "9"]]}]
)
def test_a_faulty_week_is_refused(week: dict[str, list[list[str]]]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        weekly_of(week)
