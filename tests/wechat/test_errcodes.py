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
        FaultKind.WORDING: Treatment.FAIL_MESSAGE_ONLY,
        FaultKind.UNLISTED: Treatment.FAIL_MESSAGE_ONLY,
        FaultKind.UNCLEAR: Treatment.COMPARE,
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
        ('default = "unlisted"', 'default = "whatever"', "default", "must be one of"),
        ('otherwise = "configuration"', "", "calls.cgi-bin/stable_token.otherwise", "missing"),
        ('keeps = ["transient"', 'keeps = ["patience"', "calls.cgi-bin/stable_token.keeps", "no kind"),
        ('40013 = "login"', '40013 = "log-in"', "calls.wxa/business/getuserphonenumber.codes.40013", "one"),
        ('40013 = "login"', '0 = "login"', "calls.wxa/business/getuserphonenumber.codes.0", "an errcode"),
    ],
)
def test_a_fault_of_the_table_is_named(tmp_path: Path, old: str, new: str, key: str, fault: str) -> None:
    file = edited(tmp_path, old, new)

    with pytest.raises(ConfigError) as raised:
        errcodes.load(file)

    told = str(raised.value).splitlines()
    assert any(line.startswith(f"{file}: {key}: ") and fault in line for line in told), told


STABLE_TOKEN = "cgi-bin/stable_token"


@pytest.mark.parametrize(
    "errcode",
    [
        *(40001, 40002, 40003, 40013, 40125, 40164, 40243, 41002, 41004, 45009, 47001, 48001, 50002, 50004),
        *(50007, 61024, 89501, 89503, 89506, 89507, 99999999),
    ],
)
def test_whatever_is_refused_at_the_token_is_the_configuration(errcode: int) -> None:
    assert errcodes.kind_of(errcode, call=STABLE_TOKEN) is FaultKind.CONFIGURATION


@pytest.mark.parametrize("errcode", [-1, 45011, 44990, 44991])
def test_what_passes_by_itself_passes_at_the_token_too(errcode: int) -> None:
    assert errcodes.kind_of(errcode, call=STABLE_TOKEN) is FaultKind.TRANSIENT


@pytest.mark.parametrize("errcode", [40001, 40013, 40056, 50003, 60020, 99999999])
def test_the_same_holds_for_wecoms_token(errcode: int) -> None:
    kind = errcodes.kind_of(errcode, errcodes.WECOM_TABLE, "cgi-bin/gettoken")
    assert kind is FaultKind.CONFIGURATION


def test_a_code_may_mean_something_else_at_one_call() -> None:
    assert errcodes.kind_of(40013, call="wxa/business/getuserphonenumber") is FaultKind.LOGIN
    assert errcodes.kind_of(40013, call="cgi-bin/message/template/send") is FaultKind.UNCLEAR
