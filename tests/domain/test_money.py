"""A sum in a contract is read by a lawyer: one wrong 零 and it is another sum, or none."""

import pytest

from app.domain.money import in_capitals, yuan


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00元"), (5, "0.05元"), (386000, "3,860.00元"), (-150, "-1.50元"), (100000000, "1,000,000.00元")],
)
def test_yuan_for_a_screen(fen: int, text: str) -> None:
    assert yuan(fen) == text


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (10, "壹角整"),
        (11, "壹角壹分"),
        (100, "壹元整"),
        (101, "壹元零壹分"),
        (110, "壹元壹角整"),
        (1000, "壹拾元整"),
        (100500, "壹仟零伍元整"),
        (105000, "壹仟零伍拾元整"),
        (386000, "叁仟捌佰陆拾元整"),
        (1000001, "壹万元零壹分"),
        (2000010, "贰万元壹角整"),
        (1000500, "壹万零伍元整"),
        (10050000, "壹拾万零伍佰元整"),
        (100001000, "壹佰万零壹拾元整"),
        (123456789, "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分"),
        (10000000000, "壹亿元整"),
        (10000000100, "壹亿零壹元整"),
        (1000500000000, "壹佰亿零伍佰万元整"),
    ],
)
def test_yuan_for_a_contract(fen: int, text: str) -> None:
    assert in_capitals(fen) == text


@pytest.mark.parametrize("fen", [-1, 10**18])
def test_no_contract_states_such_a_sum(fen: int) -> None:
    with pytest.raises(ValueError, match="no sum that a contract states"):
        in_capitals(fen)
