import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from app.services.applications import credit_codes

REST = "370100MA3C0000X"


def code(kind: str) -> str:
    return kind + REST + str(uscc.calc_check_digit(kind + REST))


EXISTING = [first + second for first, seconds in credit_codes.TYPES.items() for second in seconds]


@pytest.mark.parametrize("kind", EXISTING)
def test_every_type_that_exists_is_accepted(kind: str) -> None:
    assert credit_codes.is_valid(code(kind))


def test_rural_collectives_the_army_and_others_are_among_them() -> None:
    assert {"N1", "N2", "N3", "A1", "Y1", "91", "92", "93", "54"} <= set(EXISTING)


@pytest.mark.parametrize(
    "kind",
    [
        first + second
        for first in "0123456789ANY"
        for second in "0123456789A"
        if first + second not in EXISTING
    ],
)
def test_a_type_that_does_not_exist_is_refused(kind: str) -> None:
    assert not credit_codes.is_valid(code(kind))


def test_the_library_alone_would_not_do() -> None:
    """When it does, this page of ours can go."""
    assert not uscc.is_valid(code("N2"))
    assert uscc.is_valid(code("98"))


def test_blanks_hyphens_and_small_letters_are_no_fault() -> None:
    spelled = "n2 370100-ma3c0000x" + code("N2")[-1].lower()
    assert credit_codes.is_valid(spelled)
    assert credit_codes.compact(spelled) == code("N2")


@given(st.sampled_from(EXISTING), st.integers(2, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_sign_is_found(kind: str, place: int, sign: str) -> None:
    right = code(kind)
    wrong = right[:place] + sign + right[place + 1 :]
    assert credit_codes.is_valid(wrong) == (wrong == right)


@given(st.text(max_size=20))
def test_no_text_breaks_the_check(text: str) -> None:
    credit_codes.is_valid(text)
