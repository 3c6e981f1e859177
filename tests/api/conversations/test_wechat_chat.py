"""Messages in WeChat's own chat: they join the case, and a reply looks sent only when it was."""

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.services.conversations.delivery import wechat_replies
from app.wechat.port import WeChatError
from app.wechat.push import seal
from demo.story.evidence import PICTURE
from tests.api.conversations.conversation_phones import (
    Conversation,
    hand_over,
    message_body,
    start_conversation,
)
from tests.api.conversations.test_message_pushes import notices_of_kind
from tests.api.database_rows import count
from tests.api.test_callbacks import account
from tests.api.test_documents import bring
from tests.world import World, local

SEND = "cgi-bin/message/custom/send"


@pytest.fixture
def scene(world: World) -> Conversation:
    return start_conversation(world)


def callback(
    world: World, openid: str, to: str = "miniprogram", *, as_json: bool = False, **payload: Any
) -> TestResponse:
    now = world.clock.now()
    whole = {"ToUserName": "gh_1", "FromUserName": openid, "CreateTime": str(int(now.timestamp()))} | payload
    sealed = seal(account(world, to), whole, as_json=as_json, now=now, nonce="n0nce")
    return world.client.post(
        f"/wechat/callback/{to}",
        query_string=dict(sealed.query),
        data=sealed.body,
        content_type=sealed.content_type,
    )


def write(world: World, openid: str, text: str, to: str = "miniprogram", **more: Any) -> None:
    """A person writes in WeChat's chat, and the jobs work it off."""
    number = count(world.app, "inbox_events") + 1
    content = {"MsgType": "text", "Content": text, "MsgId": f"{number:08}"} | more
    assert callback(world, openid, to, **content).text == "success"
    world.desk.ask("POST", "chats", {"account": to, "openid": openid, "act": "wrote"})
    world.work()


def in_chat(world: World) -> list[str]:
    """What the product has said in WeChat's chats."""
    return [item["text"] for item in world.desk.ask("GET", "chats") if not item["typing"]]


def test_what_is_written_in_the_chat_joins_the_case_and_is_answered_there(scene: Conversation) -> None:
    write(scene.world, "o_customer", "水表装在哪里？")
    seen = scene.page(scene.manager)["items"]
    assert [(item["text"], item["medium"]) for item in seen] == [("水表装在哪里？", "miniprogram")]
    window = scene.manager.get(scene.ours)["window"]
    assert window == {"closes_at": "2026-09-20T09:00:00+08:00", "left": 5}
    answer = scene.answer("装在楼道水表井")
    assert answer["state"] == "sending"
    assert scene.manager.get(scene.ours)["window"]["left"] == 4
    scene.world.work()
    assert in_chat(scene.world) == ["装在楼道水表井"]
    assert scene.page(scene.manager)["items"][-1]["state"] == "delivered"
    assert scene.manager.get(scene.ours)["window"]["left"] == 4
    # Who has it in the chat is not pushed.
    scene.world.at("2026-09-18 09:02")
    scene.world.work()
    assert notices_of_kind(scene.customer, "message_waiting") == []


def test_a_repeated_callback_is_one_message(scene: Conversation) -> None:
    for _ in range(3):
        callback(scene.world, "o_customer", MsgType="text", Content="一次", MsgId="77")
    scene.world.work()
    assert scene.texts(scene.manager) == ["一次"]


def test_replies_keep_their_order_and_stop_when_the_window_is_used_up(scene: Conversation) -> None:
    write(scene.world, "o_customer", "在吗？")
    answers = [scene.answer(f"第{number}条") for number in range(7)]
    assert [answer["state"] for answer in answers] == ["sending"] * 5 + ["sent"] * 2
    assert "已改为提醒客户到小程序查看" in answers[-1]["note"]
    scene.world.work()
    assert in_chat(scene.world) == [f"第{number}条" for number in range(5)]
    assert scene.manager.get(scene.ours)["window"] is None
    scene.world.at("2026-09-18 09:01")
    scene.world.work()
    assert len(notices_of_kind(scene.customer, "message_waiting")) == 1


def test_a_closed_window_is_said_and_the_reply_goes_by_notice(scene: Conversation) -> None:
    write(scene.world, "o_customer", "在吗？")
    scene.world.at("2026-09-20 09:00:01")
    answer = scene.answer("抱歉回复晚了")
    assert (answer["state"], bool(answer["note"])) == ("sent", True)
    scene.world.at("2026-09-20 09:02")
    scene.world.work()
    assert in_chat(scene.world) == []
    assert len(notices_of_kind(scene.customer, "message_waiting")) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("fault", "state", "noted"),
    [
        ({"errcode": 45015}, "sent", "微信回复时限已过"),
        ({"errcode": 45047}, "sent", "微信允许的回复条数已用完"),
        ({"errcode": 45002}, "sent", "微信认为内容过长"),
        ({"errcode": 45009}, "sent", "微信当日发送次数已用完"),
        ({"errcode": 40164}, "sent", "微信客服消息暂不可用"),
        ({"errcode": 40003}, "sent", "微信无法向该客户发送"),
        ({"errcode": 87014}, "sent", "微信未接受这条内容"),
        ({"failure": "timeout", "after_delivery": True}, "sent", "微信未确认是否送达"),
        ({"errcode": -1}, "sending", ""),
    ],
)
def test_what_wechat_does_not_take_never_looks_sent_and_says_why(
    scene: Conversation, fault: dict[str, Any], state: str, noted: str
) -> None:
    write(scene.world, "o_customer", "在吗？")
    scene.world.desk.ask("POST", "faults", {"path": SEND, **fault})
    scene.answer("在")
    scene.world.work()
    scene.world.work()
    found = scene.page(scene.manager)["items"][-1]
    assert found["state"] == state
    assert found["note"].startswith(noted)
    assert bool(found["note"]) == bool(noted)
    for at in ("2026-09-18 09:00:30", "2026-09-18 09:05"):
        scene.world.at(at)
        scene.world.work()
    # Tried again where nothing was done, never where it may have arrived.
    assert len(in_chat(scene.world)) == (1 if fault.get("errcode") == -1 or "failure" in fault else 0)
    assert len(notices_of_kind(scene.customer, "message_waiting")) == (0 if fault.get("errcode") == -1 else 1)


def test_somebody_with_several_cases_is_asked_which(scene: Conversation) -> None:
    scene.world.at("2026-09-18 09:30")
    second = scene.world.submitted(scene.customer, project_name="二期仓库")
    write(scene.world, "o_customer", "什么时候上门？")
    question = in_chat(scene.world)[-1]
    assert "1. 二期仓库" in question
    assert "2. 泉城演示小铺" in question
    # Until it is known, the words wait where somebody sees them.
    waiting = scene.manager.get("/staff/conversations/unanswered")["items"]
    assert [line["topic"] for line in waiting] == ["用水咨询"]
    write(scene.world, "o_customer", "很急")
    write(scene.world, "o_customer", "第２个")
    assert scene.texts(scene.customer)[:2] == ["什么时候上门？", "很急"]
    waiting = scene.manager.get("/staff/conversations/unanswered")["items"]
    assert [line["id"] for line in waiting] == [scene.case_id]
    # From now on it goes there, and nobody asks again.
    write(scene.world, "o_customer", "谢谢")
    assert scene.texts(scene.customer)[-1] == "谢谢"
    assert sum("请回复序号" in text for text in in_chat(scene.world)) == 1
    assert scene.customer.get(f"/customer/cases/{second['id']}/messages")["items"] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_number_that_was_not_offered_is_asked_about_again(scene: Conversation) -> None:
    scene.world.at("2026-09-18 09:30")
    scene.world.submitted(scene.customer, project_name="二期仓库")
    write(scene.world, "o_customer", "什么时候上门？")
    write(scene.world, "o_customer", "3")
    assert in_chat(scene.world)[-1] == in_chat(scene.world)[0]
    write(scene.world, "o_customer", "大概下周三")
    assert len(in_chat(scene.world)) == 2
    write(scene.world, "o_customer", "2")
    assert scene.texts(scene.customer)[:3] == ["什么时候上门？", "3", "大概下周三"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_manager_of_the_chosen_case_is_notified_and_has_to_answer(scene: Conversation) -> None:
    scene.world.at("2026-09-18 09:30")
    second = scene.world.submitted(scene.customer, project_name="二期仓库")
    hand_over(scene.manager, second["id"], to="G002")
    write(scene.world, "o_customer", "什么时候上门？")
    scene.world.at("2026-09-18 10:00")
    write(scene.world, "o_customer", "2")
    scene.world.work()
    line = scene.manager.get("/staff/conversations/unanswered")["items"][0]
    assert (line["id"], line["waiting_since"]) == (scene.case_id, "2026-09-18T09:30:00+08:00")
    assert len(notices_of_kind(scene.manager, "customer_wrote")) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_asked_before_there_were_cases_stays_owed(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    write(world, "o_customer", "请问怎么报装？")
    for minute, name in ((30, "一期仓库"), (40, "二期仓库")):
        world.at(f"2026-09-18 09:{minute}")
        world.submitted(customer, project_name=name)
    write(world, "o_customer", "什么时候上门？")
    write(world, "o_customer", "1")
    waiting = world.staff("S001").get("/staff/conversations/unanswered")["items"]
    assert [line["topic"] for line in waiting] == ["用水咨询", "二期仓库"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_number_is_no_choice_once_the_question_is_obsolete(scene: Conversation) -> None:
    second = scene.world.submitted(scene.customer, project_name="二期仓库")
    write(scene.world, "o_customer", "什么时候上门？")
    scene.customer.post(f"/customer/cases/{second['id']}/withdrawal", {"reason": "不建了"})
    write(scene.world, "o_customer", "在吗？")
    write(scene.world, "o_customer", "2")
    assert scene.texts(scene.customer)[-2:] == ["在吗？", "2"]


def test_somebody_without_a_case_has_a_general_enquiry(world: World) -> None:
    manager = world.staff("G001")
    write(world, "o_follower", "请问怎么报装？", "service")
    assert "已收到您的咨询" in in_chat(world)[0]
    line = manager.get("/staff/conversations/unanswered")["items"][0]
    assert (line["case_id"], line["topic"]) == (None, "用水咨询")
    path = f"/staff/conversations/{line['id']}"
    manager.post(f"{path}/messages", message_body("在小程序里填一张表即可"))
    world.work()
    assert in_chat(world)[-1] == "在小程序里填一张表即可"
    # Nobody but whoever holds it, and the supervisors.
    assert world.staff("G002").send("GET", f"{path}/messages").status_code == 404
    assert world.staff("S001").get(f"{path}/messages")["items"]
    # Unknown to the mini-program and out of the window: it says that it did not arrive.
    world.at("2026-09-20 10:00")
    answer = manager.post(f"{path}/messages", message_body("还有什么可以帮您？"))
    assert (answer["state"], "未能送达" in answer["note"]) == ("failed", True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_enquirer_complains_and_is_content_in_the_chat(world: World) -> None:
    manager = world.staff("G001")
    write(world, "o_follower", "投诉电话是多少？", "service")
    assert world.staff("S001").get("/staff/complaints")["items"] == []
    write(world, "o_follower", "投诉", "service")
    assert "请回复“投诉：”" in in_chat(world)[-1]
    # Signs that show nothing are no complaint: it is told how, and what was said is not lost.
    told = len(in_chat(world))
    write(world, "o_follower", "投诉：\u3164", "service")
    assert "请回复“投诉：”" in in_chat(world)[-1]
    assert len(in_chat(world)) == told + 1
    write(world, "o_follower", "投诉：窗口让我跑了三趟", "service")
    complaint = world.staff("S001").get("/staff/complaints")["items"][0]
    assert (complaint["words"], complaint["responsible_name"]) == ("窗口让我跑了三趟", "王敏")
    assert "9月22日09:00前答复您" in in_chat(world)[-1]
    # Content before there is an answer, or more of the same: neither closes it nor opens another.
    write(world, "o_follower", "已解决", "service")
    write(world, "o_follower", "投诉：还没有人联系我", "service")
    assert len(world.staff("S001").get("/staff/complaints")["items"]) == 1
    manager.post(f"/staff/complaints/{complaint['id']}/answer", {"text": "材料已由我们代办"})
    world.work()
    assert "材料已由我们代办" in in_chat(world)[-1]
    write(world, "o_follower", "已解决。", "service")
    assert "投诉已关闭" in in_chat(world)[-1]
    assert world.staff("S001").get("/staff/complaints")["items"] == []
    assert manager.get("/staff/conversations/unanswered")["items"] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_withheld_does_not_go_into_the_chat(scene: Conversation) -> None:
    write(scene.world, "o_customer", "在吗？")
    scene.answer("这是违禁演示词")
    scene.world.work()
    assert in_chat(scene.world) == []
    assert scene.page(scene.manager)["items"][-1]["state"] == "failed"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_older_message_that_comes_late_opens_no_window_anew(scene: Conversation) -> None:
    write(scene.world, "o_customer", "在吗？")
    scene.answer("在")
    scene.world.work()
    earlier = str(int(local("2026-09-18 08:58").timestamp()))
    write(scene.world, "o_customer", "早一点写的", CreateTime=earlier)
    window = scene.manager.get(scene.ours)["window"]
    assert window == {"closes_at": "2026-09-20T09:00:00+08:00", "left": 4}


def test_entering_the_chat_opens_it_for_a_minute(scene: Conversation) -> None:
    write(scene.world, "o_customer", "在吗？")
    scene.world.at("2026-09-21 09:00")
    assert scene.manager.get(scene.ours)["window"] is None
    event = {"MsgType": "event", "Event": "user_enter_tempsession", "SessionFrom": "case"}
    callback(scene.world, "o_customer", as_json=True, **event)
    scene.world.work()
    assert scene.manager.get(scene.ours)["window"] == {"closes_at": "2026-09-21T09:01:00+08:00", "left": 2}
    scene.world.clock.set(scene.world.clock.now() + timedelta(minutes=1))
    assert scene.manager.get(scene.ours)["window"] is None


def test_the_customer_sees_that_somebody_is_writing(scene: Conversation) -> None:
    write(scene.world, "o_customer", "在吗？")
    scene.manager.post(f"{scene.ours}/writing")
    scene.world.work()
    assert [item["typing"] for item in scene.world.desk.ask("GET", "chats")] == [True]
    assert scene.manager.get(scene.ours)["window"]["left"] == 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("account", "path"),
    [
        ("miniprogram", "cgi-bin/message/custom/business/typing"),
        ("service", "cgi-bin/message/custom/typing"),
    ],
)
def test_each_account_says_by_its_own_path_that_somebody_is_writing(
    scene: Conversation, account: str, path: str
) -> None:
    wechat = scene.world.app.extensions["steward.wechat"]
    caller = wechat.miniprogram if account == "miniprogram" else wechat.service
    # Nothing was said yet (45080); then it shows, and once more within 15 seconds it is no fault (45081).
    caller.show_typing(openid="o_customer")
    assert scene.world.desk.ask("GET", "chats") == []
    scene.world.desk.ask("POST", "chats", {"account": account, "openid": "o_customer", "act": "wrote"})
    for _ in range(2):
        caller.show_typing(openid="o_customer")
    assert [item["typing"] for item in scene.world.desk.ask("GET", "chats")] == [True]
    scene.world.desk.ask("POST", "faults", {"path": path, "errcode": 48001})
    with pytest.raises(WeChatError):
        caller.show_typing(openid="o_customer")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_can_not_be_shown_is_said_and_not_lost(scene: Conversation) -> None:
    world = scene.world
    write(world, "o_customer", "", MsgType="image", Content=None, PicUrl="http://p", MediaId="m")
    write(world, "o_customer", "", MsgType="voice", Content=None, MediaId="m")
    write(world, "o_customer", "", MsgType="location", Location_X="36.6", Location_Y="117.0", Label="南门")
    write(world, "o_customer", "", MsgType="location", Location_X="north", Location_Y="117.0")
    write(world, "o_customer", "", MsgType="location", Location_X="nan", Location_Y="inf")
    write(world, "o_customer", "   ")
    write(world, "o_customer", "", MsgType="video", Content=None, MediaId="m")
    items = [item for item in scene.page(scene.manager)["items"] if item["author"] == "customer"]
    unreadable = "[这条消息（如视频、链接）暂不能在此显示，请改发文字或图片]"
    assert [(item["kind"], item["text"]) for item in items] == [
        ("text", "[图片未能从微信取回]"),
        ("text", "[语音未能从微信取回]"),
        ("location", "南门"),
        ("text", unreadable),
        ("text", unreadable),
        ("text", unreadable),
        ("text", unreadable),
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_hides_or_reorders_text_does_not_come_in(scene: Conversation) -> None:
    write(scene.world, "o_customer", "第一行\n请\u202e看\u200b这里👨\u200d🔧")
    assert scene.texts(scene.manager) == ["第一行\n请看这里👨\u200d🔧"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_unknown_event_is_stored(scene: Conversation) -> None:
    answer = callback(scene.world, "o_customer", MsgType="event", Event="brand_new_event", X="1")
    assert (answer.status_code, answer.text) == (200, "success")
    scene.world.work()
    assert count(scene.world.app, "inbox_events") == 1
    assert count(scene.world.app, "messages") == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_risky_text_is_withheld_and_a_doubtful_one_marked(scene: Conversation) -> None:
    scene.ask("这是违禁演示词")
    scene.ask("这是待审演示词")
    scene.ask("您好")
    scene.world.work()
    seen = scene.page(scene.manager)["items"]
    assert [(item["text"], item["review"]) for item in seen] == [
        ("[该消息未通过内容安全检测，未予显示]", False),
        ("这是待审演示词", True),
        ("您好", False),
    ]
    assert scene.page(scene.customer)["items"][0]["state"] == "failed"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_the_utility_writes_is_checked_as_well(scene: Conversation) -> None:
    scene.ask("您好")
    scene.manager.post(f"{scene.ours}/messages", message_body("这是违禁演示词"))
    scene.world.work()
    assert scene.texts(scene.customer) == ["您好", "[该消息未通过内容安全检测，未予显示]"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_quick_replies_without_a_case_are_signed_by_whoever_answers(world: World) -> None:
    manager = world.staff("G001")
    write(world, "o_follower", "请问怎么报装？", "service")
    enquiry = manager.get("/staff/conversations/unanswered")["items"][0]["id"]
    replies = manager.get(f"/staff/conversations/{enquiry}/quick-replies")["items"]
    assert any("客户管家王敏，电话13800000101" in reply["text"] for reply in replies)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_conversation_continues_while_wechat_is_unavailable(scene: Conversation) -> None:
    scene.world.desk.ask("POST", "faults", {"path": "wxa/msg_sec_check", "errcode": -1, "times": None})
    scene.ask("您好")
    assert scene.texts(scene.manager) == ["您好"]
    for hour in range(10, 16):
        scene.world.at(f"2026-09-18 {hour}:00")
        scene.world.work()
    seen = scene.page(scene.manager)["items"][0]
    assert (seen["text"], seen["review"]) == ("您好", True)
    assert count(scene.world.app, "message_checks") == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_public_url_no_picture_is_sent_to_wechat(scene: Conversation) -> None:
    document = bring(scene.customer, scene.theirs, PICTURE).get_json()
    body = {"client_id": "phone-0001", "document_id": document["id"]}
    scene.customer.post(f"{scene.theirs}/messages", body)
    scene.world.work()
    assert scene.world.desk.ask("GET", "checks") == []
    assert scene.page(scene.manager)["items"][0]["review"]


def raw_callback(world: World, plain: str, *, as_json: bool) -> TestResponse:
    """A callback whose inner document is given word for word."""
    sealed = seal(account(world, "miniprogram"), plain, as_json=as_json, now=world.clock.now(), nonce="n")
    return world.client.post(
        "/wechat/callback/miniprogram", query_string=dict(sealed.query), data=sealed.body
    )


@pytest.mark.parametrize("sign", ["\x00", "\x02", "\x08", "\uffff"])
def test_a_customers_words_survive_a_sign_that_xml_forbids(scene: Conversation, sign: str) -> None:
    said = (
        "<xml><FromUserName><![CDATA[o_customer]]></FromUserName><CreateTime>1789693200</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[家里{sign}没水了]]></Content>"
        "<MsgId>7001</MsgId></xml>"
    )
    assert raw_callback(scene.world, said, as_json=False).text == "success"
    scene.world.work()
    assert scene.texts(scene.manager) == ["家里没水了"]


@pytest.mark.parametrize("sign", ["\\u0000", "\\ud83d", "\\uffff", "\x02"])
def test_a_customers_words_survive_a_sign_that_no_database_holds(scene: Conversation, sign: str) -> None:
    said = (
        '{"FromUserName":"o_customer","CreateTime":1789693200,"MsgType":"text","MsgId":7001,'
        f'"Content":"家里{sign}没水了"}}'
    )
    assert raw_callback(scene.world, said, as_json=True).text == "success"
    scene.world.work()
    assert scene.texts(scene.manager) == ["家里没水了"]


@pytest.mark.parametrize("content", ["", "<xml><Content>没水", "[1]", '{"MsgType":"text","Content":"没水"}'])
def test_a_push_that_can_not_be_read_is_answered_and_kept(scene: Conversation, content: str) -> None:
    for _ in range(3):
        answer = raw_callback(scene.world, content, as_json=True)
        assert (answer.status_code, answer.text) == (200, "success")
    scene.world.work()
    assert count(scene.world.app, "inbox_events") == 1
    metrics = scene.world.client.get("/metrics").text
    assert "steward_callbacks_failed 1.0" in metrics


def test_a_place_without_degrees_stops_nothing(scene: Conversation) -> None:
    callback(scene.world, "o_customer", MsgType="location", MsgId="1", Location_X={"a": "1"}, Location_Y="1")
    write(scene.world, "o_customer", "在吗？")
    assert scene.texts(scene.manager)[-1] == "在吗？"


LONG = "".join(f"第{number:03}项材料请按要求填写，" for number in range(120))
"""Nearly 4,900 bytes; WeChat takes 2,048."""


def test_a_long_reply_goes_into_the_chat_in_parts(scene: Conversation) -> None:
    write(scene.world, "o_customer", "需要哪些材料？")
    scene.answer(LONG)
    scene.answer("请查收")
    assert scene.manager.get(scene.ours)["window"]["left"] == 1
    scene.world.work()
    said = in_chat(scene.world)
    assert len(said) == 4
    assert ("".join(said[:3]), said[3]) == (LONG, "请查收")
    assert all(len(part.encode()) <= 2048 for part in said)
    assert all(part.endswith("，") for part in said[:3])
    found = scene.page(scene.manager)["items"][-2]
    assert (found["text"], found["state"], found["note"]) == (LONG, "delivered", "")
    assert scene.manager.get(scene.ours)["window"]["left"] == 1


def test_a_long_reply_without_room_in_the_window_is_not_begun(scene: Conversation) -> None:
    write(scene.world, "o_customer", "需要哪些材料？")
    for number in range(3):
        scene.answer(f"第{number}条")
    answer = scene.answer(LONG)
    assert answer["note"] == "内容较长，微信剩余的回复条数不够，已改为提醒客户到小程序查看"
    scene.world.work()
    assert in_chat(scene.world) == ["第0条", "第1条", "第2条"]
    # What still fits goes on.
    assert scene.answer("短的")["state"] == "sending"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_used_up_window_is_called_so(scene: Conversation) -> None:
    write(scene.world, "o_customer", "在吗？")
    notes = [scene.answer(f"第{number}条")["note"] for number in range(6)]
    assert notes[-1].startswith("微信允许的回复条数已用完")
    scene.world.at("2026-09-20 09:00:01")
    assert scene.answer("在")["note"].startswith("微信回复时限已过")


@pytest.mark.parametrize(
    ("fault", "parts", "noted"),
    [
        ({"errcode": -1}, 3, ""),
        ({"errcode": 45047}, 1, "微信允许的回复条数已用完"),
        ({"failure": "timeout", "after_delivery": True}, 2, "微信未确认是否送达"),
    ],
)
def test_a_fault_between_two_parts_repeats_none_that_arrived(
    scene: Conversation, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], parts: int, noted: str
) -> None:
    write(scene.world, "o_customer", "需要哪些材料？")
    record = wechat_replies.record_part
    faults = [fault]

    def record_and_spoil(owner: str, claimed: Any) -> bool:
        if faults:
            scene.world.desk.ask("POST", "faults", {"path": SEND, **faults.pop()})
        return record(owner, claimed)

    monkeypatch.setattr(wechat_replies, "record_part", record_and_spoil)
    scene.answer(LONG)
    for minute in range(5):
        scene.world.at(f"2026-09-18 09:0{minute}")
        scene.world.work()
    said = in_chat(scene.world)
    assert len(said) == len(set(said)) == parts
    assert LONG.startswith("".join(said))
    assert scene.page(scene.manager)["items"][-1]["note"].startswith(noted)


def test_a_worker_that_dies_between_two_parts_doubles_nothing(
    scene: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(scene.world, "o_customer", "需要哪些材料？")
    record = wechat_replies.record_part

    def dies(owner: str, claimed: Any) -> bool:
        record(owner, claimed)
        raise KeyboardInterrupt

    monkeypatch.setattr(wechat_replies, "record_part", dies)
    scene.answer(LONG)
    with pytest.raises(KeyboardInterrupt):
        scene.world.work()
    monkeypatch.setattr(wechat_replies, "record_part", record)
    for at in ("2026-09-18 09:00:30", "2026-09-18 09:02", "2026-09-18 09:05"):
        scene.world.at(at)
        scene.world.work()
    assert len(in_chat(scene.world)) == 1
    found = scene.page(scene.manager)["items"][-1]
    assert found["note"].startswith("微信未确认是否送达")
    # All of it can be read in the mini-program, to which the notice leads.
    assert len(notices_of_kind(scene.customer, "message_waiting")) == 1
