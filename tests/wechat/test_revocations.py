"""The table of what can be taken back at WeChat, and what its reader says of a faulty one."""

from pathlib import Path

import pytest

from app.domain.config_error import ConfigError
from app.wechat import revocations
from app.wechat.revocations import Held, revoked

# As WeChat's documentation lists them, for the mini-program and for the service account.
LISTED = {*range(1, 9), 12, 13, 14, 15, 16, 18, 19, 20, *range(201, 208)}
HELD = {8: Held.PHONE, 2: Held.ADDRESS, 201: Held.ADDRESS, 13: Held.PLACES, 18: Held.PLACES} | {
    206: Held.PLACES,
    14: Held.FILES,
    15: Held.FILES,
    207: Held.FILES,
}


def test_every_number_that_wechat_lists_is_known() -> None:
    table = revocations.load(revocations.TABLE)
    assert set(table) == LISTED
    assert {number: table[number].held for number in LISTED} == dict.fromkeys(LISTED, Held.NOT_HELD) | HELD


@pytest.mark.parametrize(
    ("info", "held"),
    [
        ("8", [Held.PHONE]),
        ("13,8", [Held.PHONE, Held.PLACES]),
        ("8;8, 8", [Held.PHONE]),
        ("99", [None]),
        ("", []),
        ("phone", []),
    ],
)
def test_a_revoke_info_names_one_or_several(info: str, held: list[Held | None]) -> None:
    assert [one.held for one in revoked(info)] == held


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('8 = "', '13 = "', "is listed under phone too"),
        ('8 = "', 'eight = "', "must be a number"),
        ('8 = "手机号"', "8 = 8", "must be a text"),
        ("[places]", "[place]", "missing"),
    ],
)
def test_a_fault_of_the_table_is_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = revocations.TABLE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "revocations.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        revocations.load(file)
    assert fault in str(raised.value)
