"""The table of error codes, and what its reader says of a faulty one."""

from pathlib import Path

import pytest

from app.domain.config_error import ConfigError
from app.wechat import errcodes
from app.wechat.port import FaultKind, Treatment


def edited(folder: Path, old: str, new: str) -> Path:
    text = errcodes.TABLE.read_text(encoding="utf-8")
    assert old in text
    file = folder / "errcodes.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def test_every_kind_has_its_treatment() -> None:
    assert {kind: errcodes.treatment_of(kind) for kind in FaultKind} == {
        FaultKind.TRANSIENT: Treatment.RETRY,
        FaultKind.QUOTA: Treatment.TOMORROW,
        FaultKind.TOKEN: Treatment.RENEW_TOKEN,
        FaultKind.RECIPIENT: Treatment.NEXT_CHANNEL,
        FaultKind.BLOCKED: Treatment.NEXT_CHANNEL,
        FaultKind.TEMPLATE: Treatment.STOP_TEMPLATE,
        FaultKind.CONTENT: Treatment.FAIL_MESSAGE,
        FaultKind.LOGIN: Treatment.FAIL_MESSAGE,
        FaultKind.CONFIGURATION: Treatment.CLOSE_CHANNEL,
        FaultKind.UNKNOWN_OUTCOME: Treatment.SETTLE_LATER,
    }


@pytest.mark.parametrize(
    ("old", "new", "key", "fault"),
    [
        ('treatment = "tomorrow"', 'treatment = "next_week"', "quota.treatment", "must be one of"),
        ('treatment = "tomorrow"', "", "quota.treatment", "missing"),
        ('45009 = "', '45011 = "', "quota.codes.45011", "under transient too"),
        ('45009 = "', '4500x = "', "quota.codes.4500x", "must be an errcode"),
        ('45009 = "', '0 = "', "quota.codes.0", "must be an errcode"),
        ("[blocked]", "[banned]", "banned", "unknown key"),
        ('default = "content"', 'default = "whatever"', "default", "must be one of"),
    ],
)
def test_a_fault_of_the_table_is_named(tmp_path: Path, old: str, new: str, key: str, fault: str) -> None:
    file = edited(tmp_path, old, new)

    with pytest.raises(ConfigError) as raised:
        errcodes.load(file)

    told = str(raised.value).splitlines()
    assert any(line.startswith(f"{file}: {key}: ") and fault in line for line in told), told
