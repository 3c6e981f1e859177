import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto

from app.core.accounts import WeChatAccount
from app.domain.texts import storable
from app.wechat import pushxml
from app.wechat.port import AccountKind
from app.wechat.push import (
    LARGEST_BODY,
    PushReceiver,
    PushRefused,
    RefusalReason,
    SealedPush,
    UnreadablePush,
    _signature,
    check_query,
    seal,
)
from app.wechat.pushevent import Choice, PushEvent, SentReport, TemplateChoice

NOW = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
# The account of the worked example in WeChat's documentation, 消息推送 / 消息解密方式为安全模式.
OFFICIAL = WeChatAccount("wxba5fad812f8e6fb9", "unused", "AAAAA", "A" * 43)
OFFICIAL_SEALED = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6"
    "JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4"
    "M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
ACCOUNT = WeChatAccount("wx00000000000000aa", "unused", "ourtoken", "k" * 43)
RECEIVER = PushReceiver(AccountKind.MINI_PROGRAM, ACCOUNT)
BASE = {"ToUserName": "gh_1", "FromUserName": "oF-1_x", "CreateTime": "1773104400", "MsgType": "event"}


def sealed(
    payload: Mapping[str, object], *, as_json: bool = False, account: WeChatAccount = ACCOUNT
) -> SealedPush:
    return seal(account, payload, as_json=as_json, now=NOW, nonce="n0nce")


def opened(payload: Mapping[str, object], *, as_json: bool = False) -> PushEvent:
    push = sealed(payload, as_json=as_json)
    event = RECEIVER.open(push.query, push.body, NOW)
    assert isinstance(event, PushEvent)
    return event


def reason(query: Mapping[str, str], body: bytes, now: datetime = NOW) -> RefusalReason:
    with pytest.raises(PushRefused) as refused:
        RECEIVER.open(query, body, now)
    return refused.value.reason_code


def sealed_text(plain: str | bytes) -> SealedPush:
    """A well-signed callback whose inside is `plain`, whatever that is."""
    inside = PrpCrypto(base64.b64decode("k" * 43 + "=")).encrypt(plain, ACCOUNT.appid).decode()
    return resigned(inside)


def resigned(inside: str) -> SealedPush:
    stamp = str(int(NOW.timestamp()))
    query = {"timestamp": stamp, "nonce": "n", "msg_signature": _signature("ourtoken", stamp, "n", inside)}
    return SealedPush(query, json.dumps({"Encrypt": inside}).encode(), "application/json")


def test_the_documentations_example_opens() -> None:
    receiver = PushReceiver(AccountKind.MINI_PROGRAM, OFFICIAL)
    query = {
        "signature": "6c5c811b55cc85e0e1b54100749188c20beb3f5d",
        "timestamp": "1714112445",
        "nonce": "415670741",
        "openid": "o9AgO5Kd5ggOC-bXrbNODIiE3bGY",
        "encrypt_type": "aes",
        "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
    }
    body = json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": OFFICIAL_SEALED}).encode()
    event = receiver.open(query, body, datetime.fromtimestamp(1714112445, UTC))
    assert isinstance(event, PushEvent)
    assert (event.event, event.openid) == ("debug_demo", "o9AgO5Kd5ggOC-bXrbNODIiE3bGY")
    assert event.fields["debug_str"] == "hello world"


def test_the_documentations_check_is_answered() -> None:
    receiver = PushReceiver(AccountKind.MINI_PROGRAM, OFFICIAL)
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "echostr": "4375120948345356249",
        "timestamp": "1714036504",
        "nonce": "1514711492",
    }
    assert receiver.echo(query, datetime.fromtimestamp(1714036504, UTC)) == "4375120948345356249"


@pytest.mark.parametrize("change", ["signature", "timestamp", "nonce"])
def test_a_forged_check_is_refused(change: str) -> None:
    query = check_query(ACCOUNT, now=NOW, nonce="n", echostr="e")
    with pytest.raises(PushRefused) as refused:
        RECEIVER.echo(query | {change: "1773104401"}, NOW)
    assert refused.value.reason_code is RefusalReason.SIGNATURE


@pytest.mark.parametrize("as_json", [True, False])
def test_a_round_trip_keeps_every_field(as_json: bool) -> None:
    payload = BASE | {"Event": "subscribe", "EventKey": "场景 <&> ]]>"}
    event = opened(payload, as_json=as_json)
    assert event.fields == payload
    assert (event.account, event.msg_type, event.event) == (AccountKind.MINI_PROGRAM, "event", "subscribe")
    assert event.created_at == datetime.fromtimestamp(1773104400, UTC)


def test_numbers_are_text_in_either_form() -> None:
    as_number = opened(BASE | {"CreateTime": 1773104400, "Event": "subscribe"}, as_json=True)
    as_text = opened(BASE | {"Event": "subscribe"})
    assert as_number == as_text


def test_a_persons_message() -> None:
    event = opened(BASE | {"MsgType": "text", "Content": "<!DOCTYPE 你好>", "MsgId": "23"})
    assert (event.msg_type, event.event, event.msg_id) == ("text", None, "23")
    assert event.fields["Content"] == "<!DOCTYPE 你好>"


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("several", [True, False])
def test_answers_to_a_subscribe_request_come_in_one_shape(as_json: bool, several: bool) -> None:
    entries: list[object] = [{"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "0"}]
    expected = [TemplateChoice("T1", Choice.ACCEPT)]
    if several:
        entries.append({"TemplateId": "T2", "SubscribeStatusString": "reject", "PopupScene": "0"})
        expected.append(TemplateChoice("T2", Choice.REJECT))
    listed: dict[str, object] = {"List": entries if several else entries[0]}
    payload = BASE | {"Event": "subscribe_msg_popup_event"}
    whole = payload | (listed if as_json else {"SubscribeMsgPopupEvent": listed})
    assert opened(whole, as_json=as_json).choices == tuple(expected)


def test_a_withdrawn_consent() -> None:
    entry = {"TemplateId": "T1", "SubscribeStatusString": "reject"}
    event = opened(BASE | {"Event": "subscribe_msg_change_event", "SubscribeMsgChangeEvent": {"List": entry}})
    assert event.choices == (TemplateChoice("T1", Choice.REJECT),)


def test_a_report_of_a_sent_message() -> None:
    entry = {"TemplateId": "T1", "MsgID": 4000, "ErrorCode": 0, "ErrorStatus": "success"}
    event = opened(BASE | {"Event": "subscribe_msg_sent_event", "List": entry}, as_json=True)
    assert event.sent == (SentReport("T1", "4000", 0, "success"),)


def test_template_reports_of_one_second_are_told_apart() -> None:
    finish = BASE | {"Event": "TEMPLATESENDJOBFINISH", "Status": "failed:user block"}
    first, second = opened(finish | {"MsgID": "1"}), opened(finish | {"MsgID": "2"})
    assert (first.msg_id, first.fields["Status"]) == ("1", "failed:user block")
    assert first.dedupe_key != second.dedupe_key
    assert opened(finish | {"MsgID": "1"}).dedupe_key == first.dedupe_key


def test_the_two_accounts_never_share_a_dedupe_key() -> None:
    other = PushReceiver(AccountKind.SERVICE, ACCOUNT)
    push = sealed(BASE | {"Event": "subscribe"})
    event = other.open(push.query, push.body, NOW)
    assert isinstance(event, PushEvent)
    assert event.dedupe_key != opened(BASE | {"Event": "subscribe"}).dedupe_key


def test_a_withdrawal_of_authorisation_names_the_user() -> None:
    event = opened(BASE | {"Event": "user_authorization_revoke", "OpenID": "o-real"})
    assert event.openid == "o-real"


def test_an_unknown_event_is_passed_on() -> None:
    event = opened(BASE | {"Event": "wx_something_new", "Deep": {"List": [{"A": "1"}, {"A": "2"}]}})
    assert (event.event, event.choices, event.sent) == ("wx_something_new", (), ())


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_a_forged_callback_is_refused(name: str) -> None:
    push = sealed(BASE | {"Event": "subscribe"})
    assert reason({**push.query, name: "1773104401"}, push.body) is RefusalReason.SIGNATURE
    missing = {key: value for key, value in push.query.items() if key != name}
    assert reason(missing, push.body) in (RefusalReason.MALFORMED, RefusalReason.NOT_ENCRYPTED)


def test_a_signature_made_with_another_token_is_refused() -> None:
    push = sealed(BASE | {"Event": "subscribe"}, account=replace(ACCOUNT, push_token="theirs"))
    assert reason(push.query, push.body) is RefusalReason.SIGNATURE


def test_a_body_that_was_exchanged_is_refused() -> None:
    push, other = sealed(BASE | {"Event": "subscribe"}), sealed(BASE | {"Event": "unsubscribe"})
    assert reason(push.query, other.body) is RefusalReason.SIGNATURE


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_stale_callback_is_refused(minutes: int) -> None:
    push = sealed(BASE | {"Event": "subscribe"})
    assert reason(push.query, push.body, NOW + timedelta(minutes=minutes)) is RefusalReason.STALE


def test_freshness_is_configurable() -> None:
    patient = PushReceiver(AccountKind.MINI_PROGRAM, ACCOUNT, freshness=timedelta(hours=1))
    push = sealed(BASE | {"Event": "subscribe"})
    event = patient.open(push.query, push.body, NOW + timedelta(minutes=59))
    assert isinstance(event, PushEvent)
    assert event.event == "subscribe"


def test_a_callback_for_another_appid_is_refused() -> None:
    push = sealed(BASE | {"Event": "subscribe"}, account=replace(ACCOUNT, appid="wx00000000000000cc"))
    assert reason(push.query, push.body) is RefusalReason.FOREIGN_ACCOUNT


def test_a_callback_sealed_with_another_key_is_refused() -> None:
    push = sealed(BASE | {"Event": "subscribe"}, account=replace(ACCOUNT, push_aes_key="z" * 43))
    assert reason(push.query, push.body) in (RefusalReason.DECRYPTION, RefusalReason.FOREIGN_ACCOUNT)


@pytest.mark.parametrize("inside", ["!!!", "YQ==", "YQ", "", "中文", base64.b64encode(b"x" * 32).decode()])
def test_broken_base64_and_broken_cipher_are_refused(inside: str) -> None:
    push = resigned(inside)
    expected = (RefusalReason.DECRYPTION, RefusalReason.FOREIGN_ACCOUNT, RefusalReason.NOT_ENCRYPTED)
    assert reason(push.query, push.body) in expected


def test_an_unencrypted_callback_is_refused() -> None:
    push = sealed(BASE | {"Event": "subscribe"})
    plain = pushxml.write(BASE | {"Event": "subscribe"}).encode()
    assert reason(push.query, plain) is RefusalReason.NOT_ENCRYPTED


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'


def test_an_xml_bomb_is_expanded_neither_outside_nor_inside() -> None:
    query = sealed(BASE).query
    assert reason(query, BOMB.encode()) is RefusalReason.MALFORMED
    # Hidden from anybody who looks for the letters in the bytes.
    assert reason(query, BOMB.encode("utf-16")) is RefusalReason.MALFORMED
    inside = sealed_text(BOMB)
    # Kept as it stands; nothing of it was expanded.
    assert isinstance(RECEIVER.open(inside.query, inside.body, NOW), UnreadablePush)


def test_a_body_that_is_too_large_is_refused_unread() -> None:
    assert reason(sealed(BASE).query, b" " * (LARGEST_BODY + 1)) is RefusalReason.TOO_LARGE


UNREADABLE_INSIDES = [
    "",
    "<xml>",
    "<xml></xml>",
    "<a><b>1</b></a>",
    "<xml>" + "<a>" * 20 + "</a>" * 20 + "</xml>",
    BOMB,
    "[]",
    "null",
    "[" * 30_000,
    '{"a":' * 5_000 + "1" + "}" * 5_000,
    json.dumps(BASE),
    json.dumps(BASE | {"Event": ["subscribe"]}),
    json.dumps(BASE | {"Event": "subscribe", "FromUserName": ""}),
    json.dumps(BASE | {"Event": "subscribe", "FromUserName": "o; DROP"}),
    json.dumps(BASE | {"Event": "subscribe", "FromUserName": {"a": 1}}),
    json.dumps(BASE | {"Event": "subscribe_msg_popup_event", "List": "x"}),
    json.dumps(BASE | {"Event": "subscribe_msg_popup_event", "List": [1]}),
    json.dumps(BASE | {"Event": "subscribe_msg_popup_event", "SubscribeMsgPopupEvent": "x"}),
    json.dumps(BASE | {"Event": "subscribe_msg_sent_event", "List": {"TemplateId": "T", "MsgID": "1"}}),
    json.dumps(BASE | {"Event": "user_authorization_revoke"}),
]


@pytest.mark.parametrize("inside", UNREADABLE_INSIDES, ids=range(len(UNREADABLE_INSIDES)))
def test_what_wechat_sent_and_nobody_can_read_is_handed_on(inside: str) -> None:
    push = sealed_text(inside)
    found = RECEIVER.open(push.query, push.body, NOW)
    assert isinstance(found, UnreadablePush)
    assert (found.account, found.content, len(found.dedupe_key)) == (RECEIVER._kind, inside, 64)
    again = sealed_text(inside)
    repeated = RECEIVER.open(again.query, again.body, NOW + timedelta(seconds=5))
    assert isinstance(repeated, UnreadablePush)
    assert repeated.dedupe_key == found.dedupe_key


@pytest.mark.parametrize(
    "told",
    [
        {"CreateTime": "soon"},
        {"CreateTime": "-1"},
        {"CreateTime": None},
        {"CreateTime": 10**20},
        {"MsgType": None},
        {"MsgId": [1]},
        {"X": "a\u0000"},
        {"X": "\ud800"},
        {"X\u0000": {"Y\ud800": "z"}},
        {"X": 10**5000},
        {"X": True},
    ],
)
def test_an_odd_value_of_an_event_is_tolerated(told: dict[str, object]) -> None:
    # Python's own limit on long numbers is not WeChat's.
    plain = json.dumps(BASE | {"Event": "subscribe"} | {k: v for k, v in told.items() if v != 10**5000})
    if told == {"X": 10**5000}:
        plain = plain[:-1] + ', "X": 1' + "0" * 5000 + "}"
    push = sealed_text(plain)
    event = RECEIVER.open(push.query, push.body, NOW)
    assert isinstance(event, PushEvent)
    assert (event.event, event.openid, event.created_at) == ("subscribe", "oF-1_x", NOW)
    assert json.dumps(dict(event.fields)).isascii()


def test_the_time_of_an_event_may_be_in_milliseconds() -> None:
    event = opened(BASE | {"Event": "subscribe", "CreateTime": 1773104400123}, as_json=True)
    assert event.created_at == datetime.fromtimestamp(1773104400, UTC)


POPUP = BASE | {"Event": "subscribe_msg_popup_event"}
YES, NO = (
    {"TemplateId": "T1", "SubscribeStatusString": "accept"},
    {"TemplateId": "T2", "SubscribeStatusString": "reject"},
)


@pytest.mark.parametrize(
    ("told", "choices"),
    [
        ({"List": YES}, [Choice.ACCEPT]),
        ({"List": [YES, NO]}, [Choice.ACCEPT, Choice.REJECT]),
        ({"List": json.dumps(YES)}, [Choice.ACCEPT]),
        ({"List": json.dumps([YES, NO])}, [Choice.ACCEPT, Choice.REJECT]),
        ({"SubscribeMsgPopupEvent": [YES, NO]}, [Choice.ACCEPT, Choice.REJECT]),
        ({"SubscribeMsgPopupEvent": {"List": json.dumps([YES])}}, [Choice.ACCEPT]),
        ({"List": [YES, {"SubscribeStatusString": "accept"}, 7]}, [Choice.ACCEPT]),
        ({"List": {"TemplateId": "T1"}}, [Choice.REJECT]),
        ({"List": {"TemplateId": 12, "SubscribeStatusString": "accept"}}, [Choice.ACCEPT]),
        ({"List": []}, []),
        ({"List": None}, []),
        ({"List": ""}, []),
        ({}, []),
    ],
)
def test_a_list_of_answers_may_have_any_shape(told: dict[str, object], choices: list[Choice]) -> None:
    assert [each.choice for each in opened(POPUP | told, as_json=True).choices] == choices


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("accept", Choice.ACCEPT),
        ("acceptWithAudio", Choice.ACCEPT),
        ("acceptWithAlert", Choice.ACCEPT),
        ("reject", Choice.REJECT),
        ("ban", Choice.REJECT),
        ("filter", Choice.REJECT),
        ("accepted?", Choice.REJECT),
        ("", Choice.REJECT),
    ],
)
def test_an_answer_is_a_yes_with_sound_or_without(answer: str, choice: Choice) -> None:
    entry = {"TemplateId": "T1", "SubscribeStatusString": answer}
    assert opened(POPUP | {"List": entry}, as_json=True).choices == (TemplateChoice("T1", choice),)


@pytest.mark.parametrize(
    ("told", "errcode"),
    [
        ({"ErrorCode": "-1", "ErrorStatus": "failed"}, -1),
        ({"ErrorCode": "43101", "ErrorStatus": "user refuse"}, 43101),
        ({"ErrorStatus": "success"}, 0),
        ({"ErrorCode": "", "ErrorStatus": "success"}, 0),
    ],
)
def test_the_code_of_a_report_may_be_odd(told: dict[str, object], errcode: int) -> None:
    entry = {"TemplateId": "T1", "MsgID": 4000} | told
    (report,) = opened(BASE | {"Event": "subscribe_msg_sent_event", "List": entry}, as_json=True).sent
    assert (report.msgid, report.errcode) == ("4000", errcode)


def text_message(said: str) -> str:
    return (
        "<xml><FromUserName><![CDATA[oF-1_x]]></FromUserName><CreateTime>1773104400</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{said}]]></Content><MsgId>7001</MsgId></xml>"
    )


def read_text(plain: str | bytes) -> PushEvent:
    push = sealed_text(plain)
    event = RECEIVER.open(push.query, push.body, NOW)
    assert isinstance(event, PushEvent)
    return event


@pytest.mark.parametrize("sign", ["\x00", "\x02", "\x08", "\x1f", "\ufffe", "\uffff"])
def test_a_character_that_xml_forbids_is_dropped_and_the_words_stay(sign: str) -> None:
    assert read_text(text_message(f"家里{sign}没水了💧")).fields["Content"] == "家里没水了💧"


@pytest.mark.parametrize("sign", ["&#2;", "&#x0;", "&#xD83D;", "&#65535;", "&#99999999;"])
def test_a_reference_to_such_a_character_is_dropped_outside_of_cdata(sign: str) -> None:
    outside = text_message("x").replace("<![CDATA[x]]>", f"家里{sign}没水了&#128167;")
    assert read_text(outside).fields["Content"] == "家里没水了💧"
    assert read_text(text_message(f"写作{sign}")).fields["Content"] == f"写作{sign}"


def test_half_a_character_at_a_cut_is_dropped() -> None:
    whole = text_message("家里没水了")
    cut = whole.encode().replace("水".encode(), "水".encode()[:2])
    assert read_text(cut).fields["Content"] == "家里没了"


def test_a_control_character_within_json_is_dropped() -> None:
    plain = json.dumps(BASE | {"MsgType": "text", "MsgId": "1"})[:-1] + ', "Content": "没\x02水\t了\\ud83d"}'
    assert read_text(plain).fields["Content"] == "没水\t了"


def test_two_messages_of_one_second_without_an_id_are_two() -> None:
    first, second = (opened(BASE | {"MsgType": "text", "Content": said}) for said in ("一", "二"))
    assert first.dedupe_key != second.dedupe_key
    assert first.msg_id != second.msg_id
    assert opened(BASE | {"MsgType": "text", "Content": "一"}).dedupe_key == first.dedupe_key


@given(
    query=st.dictionaries(
        st.sampled_from(["timestamp", "nonce", "msg_signature", "signature", "echostr"]), st.text()
    ),
    body=st.binary() | st.text().map(lambda text: json.dumps({"Encrypt": text}).encode()),
)
def test_no_input_raises_anything_but_a_refusal(query: dict[str, str], body: bytes) -> None:
    for call in (lambda: RECEIVER.open(query, body, NOW), lambda: RECEIVER.echo(query, NOW)):
        with pytest.raises(PushRefused):
            call()


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_nothing_inside_a_signed_callback_is_refused_or_can_not_be_stored(inside: bytes) -> None:
    push = sealed_text(inside)
    found = RECEIVER.open(push.query, push.body, NOW)
    assert isinstance(found, UnreadablePush)
    assert storable(found.content) == found.content


@given(
    st.dictionaries(
        st.sampled_from(["MsgType", "Event", "FromUserName", "CreateTime", "MsgId", "List", "ToUserName"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=5,
        )
        | st.sampled_from(["event", "text", "subscribe_msg_popup_event", "subscribe_msg_sent_event", "o1"]),
    )
)
def test_no_values_of_an_event_raise_anything(values: dict[str, object]) -> None:
    push = sealed_text(json.dumps(values))
    found = RECEIVER.open(push.query, push.body, NOW)
    whole = found.content if isinstance(found, UnreadablePush) else repr(found.fields)
    assert storable(whole) == whole


def test_a_refusal_tells_nothing_of_the_content() -> None:
    with pytest.raises(PushRefused) as refused:
        RECEIVER.open({"timestamp": "1", "nonce": "n", "msg_signature": "s"}, b'{"Encrypt": "geheim"}', NOW)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("key", ["", "a" * 42, "a" * 44, "-" * 43])
def test_a_mistyped_aes_key_is_found_at_start(key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        PushReceiver(AccountKind.SERVICE, replace(ACCOUNT, push_aes_key=key))
