"""企业微信: the client against the simulated one, its error codes, its callbacks, its settings."""

from datetime import timedelta
from pathlib import Path

import pytest
import requests

from app.core import clock
from app.core.accounts import WeComAccount
from app.core.settings import WECHAT, Settings, SettingsError
from app.wechat import errcodes, wecom_limits
from app.wechat.port import AccountKind, FaultKind, WeChatError
from app.wechat.push import PushRefused, RefusalReason, seal, sealed_check
from app.wechat.pushevent import PushEvent
from app.wechat.simulator.adapter import InProcessAdapter
from app.wechat.simulator.app import Simulator
from app.wechat.simulator.faults import Fault
from app.wechat.simulator.wecom import WeCom
from app.wechat.token_store import MemoryTokenStore
from app.wechat.wecom.client import WeComMessenger
from app.wechat.wecom.push import WeComPushReceiver
from tests.wechat.conftest import MINI, SERVICE

WORK = WeComAccount("ww00000000000000cc", "wecom-app-secret-77ab", "wecompushtoken", "w" * 43, 1000002)
SEND = "cgi-bin/message/send"


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(MINI, SERVICE, WORK)


@pytest.fixture
def company(simulator: Simulator) -> WeCom:
    assert simulator.wecom is not None
    return simulator.wecom


@pytest.fixture
def messenger(simulator: Simulator) -> WeComMessenger:
    return WeComMessenger(WORK, MemoryTokenStore(), base_url=WECHAT, adapter=InProcessAdapter(simulator))


def _fault(errcode: int) -> Fault:
    return Fault(SEND, errcode=errcode)


def card(messenger: WeComMessenger, member_id: str = "g001", description: str = "请处理") -> str | None:
    url = "https://shuiguanjia.example.cn/open"
    receipt = messenger.send_card(member_id=member_id, title="新任务", description=description, url=url)
    return receipt.msgid


def test_a_card_arrives_and_one_that_is_too_long_is_cut(messenger: WeComMessenger, company: WeCom) -> None:
    company.join("G001", "13800000001")

    assert card(messenger, description="水" * 400) == "wecom-1"
    (arrived,) = company.cards
    assert arrived.description.endswith("水…")
    most = wecom_limits.current().description_bytes
    assert most - 3 < len(arrived.description.encode()) <= most


def test_a_member_is_found_by_phone(messenger: WeComMessenger, company: WeCom) -> None:
    company.join("zhang.san@work", "13800000001")

    assert messenger.member_of_phone("+8613800000001") == "zhang.san@work"
    assert messenger.member_of_phone("+8613800000002") is None


@pytest.mark.parametrize("errcode", [40014, 42001])
def test_a_refused_token_is_renewed_once(
    simulator: Simulator, messenger: WeComMessenger, company: WeCom, errcode: int
) -> None:
    company.join("g001", None)
    card(messenger, description="一")
    simulator.faults.add(_fault(errcode))

    card(messenger, description="二")
    assert [each.description for each in company.cards] == ["一", "二"]


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (-1, FaultKind.TRANSIENT),
        (45009, FaultKind.TRANSIENT),
        (81013, FaultKind.RECIPIENT),
        (60020, FaultKind.CONFIGURATION),
        (45002, FaultKind.CONTENT),
        (99999, FaultKind.UNLISTED),
    ],
)
def test_wecoms_codes_have_a_table_of_their_own(
    simulator: Simulator, messenger: WeComMessenger, errcode: int, kind: FaultKind
) -> None:
    simulator.faults.add(_fault(errcode))

    with pytest.raises(WeChatError) as raised:
        card(messenger)
    assert (raised.value.errcode, raised.value.kind) == (errcode, kind)


def test_a_stranger_and_a_wrong_secret_are_refused(simulator: Simulator, messenger: WeComMessenger) -> None:
    with pytest.raises(WeChatError) as raised:
        card(messenger, "nobody")
    assert raised.value.kind is FaultKind.RECIPIENT

    wrong = WeComAccount(WORK.appid, "another-secret", WORK.push_token, WORK.push_aes_key, WORK.agent_id)
    other = WeComMessenger(wrong, MemoryTokenStore(), base_url=WECHAT, adapter=InProcessAdapter(simulator))
    with pytest.raises(WeChatError) as raised:
        card(other)
    assert raised.value.kind is FaultKind.CONFIGURATION
    assert "another-secret" not in str(raised.value)


def test_the_table_is_sound_and_in_chinese() -> None:
    loaded = errcodes.load(errcodes.WECOM_TABLE)

    assert set(loaded.treatments) == set(FaultKind)
    assert loaded.treatments == errcodes.load(errcodes.TABLE).treatments
    assert errcodes.meaning_of(81013, errcodes.WECOM_TABLE) == "成员不在应用的可见范围内"


def test_a_callback_is_opened_and_its_member_named() -> None:
    receiver = WeComPushReceiver(WORK)
    change = {
        "FromUserName": "sys",
        "MsgType": "event",
        "Event": "change_contact",
        "ChangeType": "delete_user",
    }
    now = clock.now()
    for payload, member in (
        ({"FromUserName": "zhang.san@work", "MsgType": "event", "Event": "subscribe"}, "zhang.san@work"),
        ({**change, "UserID": "G001"}, "G001"),
        ({**change, "ChangeType": "delete_party"}, "sys"),
    ):
        whole = {"ToUserName": WORK.appid, "CreateTime": str(int(now.timestamp())), **payload}
        sealed = seal(WORK, whole, as_json=False, now=now, nonce="n")
        event = receiver.open(sealed.query, sealed.body, now)
        assert isinstance(event, PushEvent)
        assert (event.account, event.openid) == (AccountKind.WECOM, member)


def test_the_check_of_the_server_is_answered_with_the_decrypted_word() -> None:
    receiver, now = WeComPushReceiver(WORK), clock.now()
    query = sealed_check(WORK, now=now, nonce="n", echostr="word")

    assert receiver.echo(query, now) == "word"
    for reason, changed, at in (
        (RefusalReason.SIGNATURE, {"msg_signature": "0" * 40}, now),
        (RefusalReason.STALE, {}, now + timedelta(minutes=6)),
        (RefusalReason.MALFORMED, {"echostr": ""}, now),
    ):
        with pytest.raises(PushRefused) as raised:
            receiver.echo({**query, **changed}, at)
        assert raised.value.reason_code is reason


def test_a_word_sealed_for_another_company_is_refused() -> None:
    other = WeComAccount("ww9999", WORK.secret, WORK.push_token, WORK.push_aes_key, WORK.agent_id)
    query = sealed_check(other, now=clock.now(), nonce="n", echostr="word")

    with pytest.raises(PushRefused) as raised:
        WeComPushReceiver(WORK).echo(query, clock.now())
    assert raised.value.reason_code is RefusalReason.FOREIGN_ACCOUNT


WECOM = {
    "wecom_corp_id": WORK.appid,
    "wecom_agent_id": "1000002",
    "wecom_secret": WORK.secret,
    "wecom_push_token": WORK.push_token,
    "wecom_push_aes_key": WORK.push_aes_key,
}


def test_wecom_is_set_up_whole_or_not_at_all(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'x.db'}"
    assert Settings.for_tests(database).wecom is None
    assert Settings.for_tests(database, **WECOM).wecom == WORK
    for missing in WECOM:
        half = {name: value for name, value in WECOM.items() if name != missing}
        with pytest.raises(SettingsError, match=f"STEWARD_{missing.upper()}: is missing"):
            Settings.for_tests(database, **half)
    for wrong in ({"wecom_agent_id": "main"}, {"wecom_push_aes_key": "short"}):
        with pytest.raises(SettingsError, match="must"):
            Settings.for_tests(database, **(WECOM | wrong))


def test_a_simulator_without_wecom_knows_none_of_its_calls() -> None:
    with requests.Session() as session:
        session.mount(WECHAT, InProcessAdapter(Simulator(MINI, SERVICE)))
        assert session.get(f"{WECHAT}/cgi-bin/gettoken", timeout=1).status_code == 404
