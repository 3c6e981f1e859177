"""Who acts for whom: one table of everything that may be wrong with somebody's deputy."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.stand_ins import DutyRoster, LeaveInForce, Person, is_qualified

NOW = datetime(2026, 9, 21, 1, tzinfo=UTC)


def person(
    number: str, *, active: bool = True, department: str = "customer_development", supervisor: bool = False
) -> Person:
    return Person(number, number, department, number.startswith("G"), supervisor, active)


G1, G2, G3 = person("G1"), person("G2"), person("G3")
D1, D2 = (person(number, department="design_institute") for number in ("D1", "D2"))
N1 = person("N1", department="network")
S1, S2 = (person(number, supervisor=True) for number in ("S1", "S2"))
EVERYBODY = (G1, G2, G3, D1, D2, N1, S1, S2)
LOADS = {"G1": 0, "G2": 5, "G3": 2, "D1": 9, "D2": 0}


def leave(who: str, deputy: str, days_ago: int = 1, entered: int = 1) -> LeaveInForce:
    return LeaveInForce(entered, who, deputy, NOW - timedelta(days=days_ago))


def acts(who: str, *leaves: LeaveInForce, gone: str = "", since: str | None = None) -> str:
    people = [
        person(each.number, active=False, department=each.department, supervisor=each.is_supervisor)
        if each.number in gone.split()
        else each
        for each in EVERYBODY
    ]
    return DutyRoster(people, leaves, lambda each: LOADS.get(each.id, 0)).who_acts(who, since=since)


def test_somebody_present_acts_for_themselves() -> None:
    assert acts("G1") == "G1"


@pytest.mark.parametrize(
    ("leaves", "gone", "who"),
    [
        pytest.param([leave("G1", "G2")], "", "G2", id="the deputy"),
        pytest.param([leave("G1", "D1")], "", "G3", id="a deputy who is no manager never acts"),
        pytest.param([leave("G1", "S1")], "", "G3", id="nor does a supervisor named as a manager's deputy"),
        pytest.param([leave("G1", "G2")], "G2", "G3", id="a deputy who left never acts"),
        pytest.param([leave("G1", "G2"), leave("G2", "G3")], "", "G3", id="the deputy's deputy"),
        pytest.param([leave("G1", "D1"), leave("D1", "G2")], "", "G2", id="through somebody unqualified"),
        pytest.param([leave("G1", "G2"), leave("G2", "G1")], "", "G3", id="a circle"),
        pytest.param(
            [leave("G1", "G2"), leave("G2", "G3"), leave("G3", "G1")], "", "S1", id="a circle of all managers"
        ),
        pytest.param(
            [leave("G1", "G2", 3), leave("G1", "G3", 1)], "", "G3", id="of two leaves the one begun last"
        ),
        pytest.param(
            [leave("G1", "G3", 1, 1), leave("G1", "G2", 1, 2)], "", "G2", id="begun together: entered last"
        ),
        pytest.param(
            [leave("G1", "G2", 3), leave("G1", "D1", 1)], "", "G2", id="an unqualified one gives way"
        ),
        pytest.param([], "G1", "G3", id="of who left, the least loaded"),
        pytest.param([], "G1 G2 G3", "S1", id="without managers a supervisor"),
        pytest.param([leave("S1", "S2")], "G1 G2 G3", "S2", id="a supervisor who is there"),
        pytest.param(
            [leave("G2", "G1"), leave("G3", "G1"), leave("S1", "S2"), leave("S2", "S1")],
            "G1",
            "G3",
            id="nobody is there: an absent manager rather than who left",
        ),
        pytest.param(
            [leave("G1", "G2"), leave("G2", "G1"), leave("G3", "G1"), leave("S1", "S2"), leave("S2", "S1")],
            "",
            "G1",
            id="nobody is there: it stays",
        ),
    ],
)
def test_of_an_absent_manager(leaves: list[LeaveInForce], gone: str, who: str) -> None:
    assert acts("G1", *leaves, gone=gone) == who


def test_of_a_departments_person() -> None:
    assert acts("D1", leave("D1", "D2")) == "D2"
    assert acts("D1", leave("D1", "G1")) == "G1"
    assert acts("D1", leave("D1", "N1")) == "D2"
    assert acts("N1", gone="N1") == "S1"


def test_of_a_supervisor() -> None:
    assert acts("S1", leave("S1", "G1")) == "S2"
    assert acts("S2", leave("S2", "S1")) == "S1"


def test_who_has_been_acting_is_preferred_to_anybody_new_while_qualified_and_present() -> None:
    assert acts("G1", gone="G1", since="G2") == "G2"
    assert acts("G1", leave("G1", "G3"), since="G2") == "G3"
    assert acts("G1", gone="G1", since="D1") == "G3"
    assert acts("G1", leave("G2", "G3"), gone="G1", since="G2") == "G3"


@given(
    st.lists(
        st.tuples(st.sampled_from(EVERYBODY), st.sampled_from(EVERYBODY), st.integers(0, 3)), max_size=12
    ),
    st.sets(st.sampled_from([each.number for each in EVERYBODY]), max_size=7),
    st.sampled_from(EVERYBODY),
)
def test_it_always_ends_with_somebody_who_may(
    named: list[tuple[Person, Person, int]], gone: set[str], whose: Person
) -> None:
    leaves = [leave(who.id, deputy.id, ago, at) for at, (who, deputy, ago) in enumerate(named)]
    away = {each.staff_id for each in leaves}
    found = next(each for each in EVERYBODY if each.id == acts(whose.id, *leaves, gone=" ".join(gone)))
    if found.id == whose.id:
        return
    assert found.number not in gone
    assert is_qualified(found, whose) or found.is_supervisor
    present = [each for each in EVERYBODY if each.number not in gone | away]
    if any(is_qualified(each, whose) and each.is_manager == whose.is_manager for each in present):
        assert found.id not in away
