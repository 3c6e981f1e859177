"""Tools of a manager: office hours, deputies, summaries, notes, invitations, quick replies, search."""

from datetime import date
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest

from app.core.atomic import atomic
from app.core.db import db
from app.models import Message
from app.services.departures import remove_person
from app.services.people import personnel
from tests.api.answers import json_of, refused
from tests.api.conversations.conversation_phones import (
    Conversation,
    hand_over,
    message_body,
    start_conversation,
)
from tests.api.conversations.test_message_pushes import notices_of_kind as notices
from tests.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PDF = b"%PDF-1.7 drawing"


@pytest.fixture
def scene(world: World) -> Conversation:
    return start_conversation(world)


def on_leave(world: World, number: str, deputy: str, first: str, last: str) -> None:
    with world.app.app_context(), atomic():
        personnel.enter_leave(number, deputy, date.fromisoformat(first), date.fromisoformat(last))


def upload(scene: Conversation, kind: str = "site_photo", content: bytes = PDF) -> Any:
    return scene.world.client.post(
        f"/api/v1{scene.theirs}/documents",
        data={"kind": kind, "file": (BytesIO(content), "a.pdf")},
        headers={"Authorization": f"Bearer {scene.customer.token}", "Idempotency-Key": uuid4().hex},
    )


def test_a_drawing_goes_through_the_document_store(scene: Conversation) -> None:
    document = json_of(upload(scene))
    scene.customer.post(
        f"{scene.theirs}/messages", {"client_id": "phone-0001", "document_id": document["id"]}
    )
    seen = scene.page(scene.manager)["items"][0]
    assert (seen["kind"], seen["document"]["id"], seen["document"]["media_type"]) == (
        "document",
        document["id"],
        "application/pdf",
    )
    assert upload(scene, content=b"MZ not a drawing").status_code == 422


def test_outside_office_hours_the_opening_time_is_announced_once(scene: Conversation) -> None:
    scene.world.at("2026-09-18 19:00")
    scene.ask("在吗？")
    scene.ask("有急事")
    texts = scene.texts(scene.customer)
    assert [text for text in texts if "非工作时间" in text] == [texts[1]]
    assert "王敏将于9月20日08:30起回复您" in texts[1]
    assert "968133" in texts[1]
    scene.world.at("2026-09-21 19:00")
    scene.ask("今天怎么样？")
    assert "9月22日08:30" in scene.texts(scene.customer)[-1]
    head = scene.customer.get(f"{scene.theirs}/conversation")
    assert head["returns_at"] == "2026-09-22T08:30:00+08:00"


def test_a_sleeping_conversation_comes_back_to_somebody_present(scene: Conversation) -> None:
    scene.answer("您好")
    on_leave(scene.world, "G001", "G002", "2026-09-18", "2026-09-25")
    scene.manager.post(f"{scene.ours}/notes", {"text": "客户要求周三上门", "kind": "summary"})
    scene.ask("约好的上门呢？")
    assert "由李建国代为回复" in scene.texts(scene.customer)[-1]
    deputy = scene.world.staff("G002")
    assert [line["id"] for line in deputy.get("/staff/conversations/unanswered")["items"]] == [scene.case_id]
    assert deputy.get(scene.ours)["summary"]["text"] == "客户要求周三上门"
    deputy.post(f"{scene.ours}/messages", message_body("已安排"))
    scene.world.at("2026-09-28 09:00")
    scene.customer, scene.manager = scene.world.log_in("o_customer"), scene.world.staff("G001")
    scene.ask("谢谢")
    assert [line["id"] for line in scene.manager.get("/staff/conversations/unanswered")["items"]] == [
        scene.case_id
    ]


def test_nobody_who_waits_is_hidden_when_the_manager_has_left(scene: Conversation) -> None:
    scene.ask("在吗？")
    with scene.world.app.app_context(), atomic():
        remove_person.remove(None, "G001")
    for number in ("G002", "S001"):
        items = scene.world.staff(number).get("/staff/conversations/unanswered")["items"]
        assert [(line["id"], line["holder_name"]) for line in items] == [(scene.case_id, "李建国")], number
    scene.ask("还有人吗？")
    # The proposed manager is no stand-in, but has the case.
    assert "代为回复" not in scene.texts(scene.customer)[-1]


def test_a_hand_over_brings_the_conversation_and_its_summary(scene: Conversation) -> None:
    scene.ask("请问进度？")
    hand_over(scene.manager, scene.case_id, "G002", "客户在问进度，图纸待审")
    successor = scene.world.staff("G002")
    assert successor.get(scene.ours)["summary"]["text"] == "客户在问进度，图纸待审"
    assert successor.get("/staff/conversations/unanswered")["items"]
    assert scene.manager.get("/staff/conversations/unanswered")["items"] == []
    card = scene.page(scene.customer)["items"][-1]
    assert card["card"] == "handed_over"
    assert "由王敏变更为李建国" in card["text"]
    # What staff tell each other is none of the customer's.
    assert "图纸待审" not in str(scene.page(scene.customer))


def test_events_of_the_case_appear_as_cards_in_its_conversation(scene: Conversation) -> None:
    stop = scene.manager.post(
        f"/staff/cases/{scene.case_id}/stops",
        {"reason": "road_permit", "party": "authority", "evidence": "受理单"},
    )
    scene.manager.post(f"/staff/cases/{scene.case_id}/stops/{stop['id']}/end")
    for key in ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan"):
        scene.world.complete(scene.case_id, key)
    cards = [item["card"] for item in scene.page(scene.customer)["items"]]
    assert cards == ["clock_stopped", "clock_resumed", "stage_completed"]
    # A card is no question: nobody owes an answer to it, and nobody is pushed.
    assert scene.manager.get("/staff/conversations/unanswered")["items"] == []


def test_visits_appear_as_cards_in_the_conversation(scene: Conversation) -> None:
    visits = f"{scene.theirs}/visits"
    wish = {"purpose": "consultation", "starts_at": "2026-09-21T10:00:00+08:00"}
    held = scene.customer.post(visits, wish)["id"]
    # Nobody has agreed to anything yet.
    assert scene.page(scene.customer)["items"] == []
    scene.customer.post(f"{visits}/{held}/confirmation")
    moved = scene.customer.post(f"{visits}/{held}/reschedule", {"starts_at": "2026-09-22T10:00:00+08:00"})
    scene.customer.post(f"{visits}/{moved['id']}/cancellation", {"reason": "临时有事"})
    assert [(item["card"], item["text"]) for item in scene.page(scene.customer)["items"]] == [
        ("visit_booked", "已预约“面谈咨询”：2026-09-21 10:00。来人时请核对到访码。"),
        ("visit_moved", "“面谈咨询”已改到2026-09-22 10:00。如时间不便，可在小程序改期。"),
        ("visit_cancelled", "2026-09-22 10:00的“面谈咨询”已取消。如需另约，请在小程序选择时间。"),
    ]


def test_a_department_is_invited_and_removed(scene: Conversation) -> None:
    scene.ask("图纸上这根管是什么？")
    designer = scene.world.staff("D001")
    answer = designer.send("POST", f"{scene.ours}/guests", {"department": "design_institute"})
    refused(answer, 403, "not_allowed")
    scene.manager.post(f"{scene.ours}/guests", {"department": "design_institute"})
    scene.manager.post(f"{scene.ours}/guests", {"department": "design_institute"})
    designer.post(f"{scene.ours}/messages", message_body("是消防预留管"))
    seen = scene.page(scene.customer)["items"]
    assert [item["text"] for item in seen][1:] == ["已邀请设计院参加沟通。", "是消防预留管"]
    assert seen[-1]["author_name"] == "赵工"
    # A guest may speak, and invites nobody.
    answer = designer.send("POST", f"{scene.ours}/guests", {"department": "network"})
    refused(answer, 403, "not_allowed")
    path = f"{scene.ours}/guests/design_institute"
    assert json_of(scene.manager.send("DELETE", path)) == {"items": []}
    assert designer.send("GET", f"{scene.ours}/messages").status_code == 403
    answer = scene.manager.send("POST", f"{scene.ours}/guests", {"department": "marketing_x"})
    refused(answer, 422, "invalid_fields")


def test_recalling_an_answer_leaves_the_customer_waiting(scene: Conversation) -> None:
    def waiting() -> list[str]:
        return [
            item["waiting_since"] for item in scene.manager.get("/staff/conversations/unanswered")["items"]
        ]

    scene.ask("第一条")
    scene.world.at("2026-09-18 09:10")
    second = scene.ask("第二条")
    answer = scene.answer("您好")
    assert waiting() == []
    scene.manager.post(f"{scene.ours}/messages/{answer['id']}/recall")
    assert waiting() == ["2026-09-18T09:00:00+08:00"]
    # Nobody is reminded of what there is nothing to answer to.
    scene.answer("您好")
    third = scene.ask("第三条")
    assert waiting() == ["2026-09-18T09:10:00+08:00"]
    scene.customer.post(f"{scene.theirs}/messages/{third['id']}/recall")
    assert waiting() == []
    scene.customer.post(f"{scene.theirs}/messages/{second['id']}/recall")
    assert waiting() == []
    scene.world.at("2026-09-18 14:00")
    scene.world.work()
    assert notices(scene.manager, "answer_due") == []


def test_notes_are_for_staff(scene: Conversation) -> None:
    scene.manager.post(f"{scene.ours}/notes", {"text": "客户比较着急"})
    assert [note["text"] for note in scene.world.staff("S001").get(f"{scene.ours}/notes")["items"]] == [
        "客户比较着急"
    ]
    assert scene.page(scene.customer)["items"] == []


def test_quick_replies_are_filled_in_and_never_sent_with_a_gap(scene: Conversation) -> None:
    own = scene.manager.post(
        "/staff/quick-replies", {"title": "约上门", "text": "“{project_name}”请问何时方便上门？"}
    )
    answer = scene.manager.send(
        "POST", "/staff/quick-replies", {"title": "公用", "text": "您好", "shared": True}
    )
    refused(answer, 403, "not_allowed")
    scene.world.staff("S001").post("/staff/quick-replies", {"title": "公用", "text": "您好", "shared": True})
    answer = scene.manager.send("POST", "/staff/quick-replies", {"title": "错", "text": "{id_number}"})
    refused(answer, 422, "invalid_fields")
    replies = scene.manager.get(f"{scene.ours}/quick-replies")["items"]
    assert [reply["title"] for reply in replies] == ["约上门", "公用", "问候", "进度", "紧急报修"]
    assert replies[0]["text"] == "“泉城演示小铺”请问何时方便上门？"
    assert "客户管家王敏，电话13800000101" in replies[2]["text"]
    assert "受理并确定用水方案" in replies[3]["text"]
    assert all(reply["missing"] == [] for reply in replies)
    answer = scene.manager.send("POST", f"{scene.ours}/messages", message_body("预计{stage_due}前完成"))
    problem = refused(answer, 422, "invalid_fields")
    assert "stage_due" in problem["errors"][0]["message"]
    # Somebody else's own replies are not there, and not to be taken away.
    assert "约上门" not in str(scene.world.staff("G002").get("/staff/conversations"))
    other = scene.world.staff("G002").send("DELETE", f"/staff/quick-replies/{own['id']}")
    assert other.status_code == 404
    assert scene.manager.send("DELETE", f"/staff/quick-replies/{own['id']}").status_code == 204


def test_a_manager_finds_what_is_theirs_and_nothing_else(scene: Conversation) -> None:
    scene.ask("请问水表井的位置可以改吗？")
    other = scene.world.log_in("o_other", "13800000002")
    theirs = scene.world.submitted(
        other, contact_phone="13800000002", project_name="别处的仓库", district="shizhong"
    )
    other.post(f"/customer/cases/{theirs['id']}/messages", message_body("水表井位置请保密"))

    def find(text: str, number: str = "G001") -> list[tuple[str, str]]:
        items = scene.world.staff(number).post("/staff/conversations/search", {"text": text})["items"]
        return [(item["why"], item["conversation_id"]) for item in items]

    assert find("水表井") == [("text", scene.case_id)]
    assert find("演示小铺") == [("project", scene.case_id)]
    assert find("13800000001") == [("phone", scene.case_id)]
    assert find("13800000002") == []
    assert find("水表井", "G002") == [("text", theirs["id"])]
    assert find("%%") == []
    assert find("水表井", "D001") == []


def test_unread_is_counted_for_each_person(scene: Conversation) -> None:
    sent = scene.ask("一")
    scene.ask("二")
    scene.manager.post(f"{scene.ours}/message-receipts", {"read": sent["seq"]})
    assert scene.manager.get(scene.ours)["line"]["unread"] == 1
    assert scene.world.staff("S001").get(scene.ours)["line"]["unread"] == 2
    answer = scene.answer("三")
    assert scene.customer.get(f"{scene.theirs}/conversation")["unread"] == 1
    scene.customer.post(f"{scene.theirs}/message-receipts", {"read": answer["seq"]})
    assert scene.customer.get(f"{scene.theirs}/conversation")["unread"] == 0


def test_lists_show_the_latest_message_first(scene: Conversation) -> None:
    scene.ask("一")
    scene.world.at("2026-09-18 09:05")
    second = scene.world.submitted(scene.customer)
    scene.customer.post(f"/customer/cases/{second['id']}/messages", message_body("二"))
    first = scene.manager.get("/staff/conversations?limit=1")
    rest = scene.manager.get(f"/staff/conversations?limit=1&cursor={first['cursor']}")
    assert [page["items"][0]["id"] for page in (first, rest)] == [second["id"], scene.case_id]


def test_texts_are_not_readable_in_the_database(scene: Conversation) -> None:
    scene.ask("我的门牌号是8号")
    with scene.world.app.app_context():
        connection = db.session.connection()
        stored = connection.exec_driver_sql("SELECT content FROM messages").scalar()
        assert db.session.query(Message).one().content == {"text": "我的门牌号是8号"}
        db.session.remove()
    assert stored is not None
    assert "门牌".encode() not in bytes(stored)
