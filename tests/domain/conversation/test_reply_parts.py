import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.conversation.reply_parts import split

TEXTS = st.text(
    st.sampled_from("水表安装ab1，。；\n 💧👨\u200d👩\u200d👧👍🏽🇨🇳e\u0301\ufe0f𬱖〇"), max_size=900
) | st.text(st.characters(codec="utf-8"), max_size=900)


@given(TEXTS, st.integers(200, 2048))
def test_every_part_fits_and_nothing_is_lost_but_blanks_at_a_cut(text: str, most: int) -> None:
    parts = split(text, most)
    assert all(len(part.encode()) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
    # No more parts than a careful cut needs: each but the last is at least half full.
    assert len(parts) <= 1 + 2 * len(text.encode()) // (most - 40)


@given(st.text(st.sampled_from("水，e💧"), max_size=400), st.sampled_from(["\u0301", "🏽", "\u200d👧"]))
def test_no_part_begins_with_half_of_a_sign(text: str, half: str) -> None:
    marked = half.join(text)
    for part in split(marked, 200)[1:]:
        assert not part.startswith(half)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("短的", ["短的"]),
        ("", [""]),
        ("  在  ", ["在"]),
        ("一" * 40 + "。" + "二" * 40, ["一" * 40 + "。", "二" * 40]),
        ("一" * 40 + "\n\n" + "二。" * 20, ["一" * 40, "二。" * 20]),
        ("一" * 40 + "，" + "二" * 40, ["一" * 40 + "，", "二" * 40]),
        ("一" * 100, ["一" * 66, "一" * 34]),
        ("👨\u200d👩\u200d👧" * 12, ["👨\u200d👩\u200d👧" * 11, "👨\u200d👩\u200d👧"]),
        ("a" * 199 + "e\u0301", ["a" * 199, "e\u0301"]),
        ("🇨🇳" * 26, ["🇨🇳" * 25, "🇨🇳"]),
        # One sign alone may be longer than a part: then it is cut all the same.
        ("e" + "\u0301" * 120, ["e" + "\u0301" * 99, "\u0301" * 21]),
    ],
)
def test_a_text_is_cut_at_a_sensible_place(text: str, parts: list[str]) -> None:
    assert split(text, 200) == parts
