"""A person withdraws an authorisation in WeChat: what is deleted, and what is kept."""

from typing import Any

import pytest
from sqlalchemy import select

from app.core.db import db
from app.models import Application, Case, Customer, Erasure
from app.wechat import revocations
from app.wechat.revocations import Held
from tests.api.conversations.chat_files import send_picture
from tests.api.conversations.conversation_phones import Conversation, start_conversation
from tests.api.conversations.test_wechat_chat import callback, in_chat, write
from tests.api.database_rows import count
from tests.world import World

PLACE = {"latitude_gcj02": 36.66, "longitude_gcj02": 117.02}
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REVOKE = "user_authorization_revoke"
FILES_KEPT = "1份：合同及其履行证据，自办结之日起保存1095天（民法典第一百八十八条：诉讼时效三年）"
CANCEL = "user_authorization_cancellation"
EVERYTHING = sorted(revocations.load(revocations.TABLE).items())


@pytest.fixture
def scene(world: World) -> Conversation:
    return start_conversation(world)


def withdrawn(
    world: World, event: str, openid: str = "o_customer", to: str = "miniprogram", **more: Any
) -> None:
    payload: dict[str, Any] = {"MsgType": "event", "Event": event, "OpenID": openid, "AppID": "wx1"}
    assert callback(world, "gh_1", to, **payload, **more).text == "success"
    world.work()


def erasures(world: World) -> list[tuple[dict[str, int], dict[str, str]]]:
    with world.app.app_context():
        rows = [(row.deleted, row.kept) for row in db.session.scalars(select(Erasure).order_by(Erasure.id))]
        db.session.remove()
    return rows


def phones(world: World) -> list[str | None]:
    with world.app.app_context():
        found = list(db.session.scalars(select(Customer.phone)))
        db.session.remove()
    return found


def draft_answers(world: World) -> dict[str, Any]:
    """What stands in the one draft that was not submitted."""
    with world.app.app_context():
        found = db.session.scalars(select(Application).where(Application.submitted_at.is_(None))).one()
        answers = dict(found.answers)
        db.session.remove()
    return answers


def half_filled(scene: Conversation) -> None:
    """A draft with address and place; the phone is filled in from WeChat."""
    draft = scene.customer.post("/customer/applications", {"program": "single_meter"})
    answers = {"address": "演示路9号", "location": PLACE, "project_name": "三期"}
    path = f"/customer/applications/{draft['id']}"
    assert scene.customer.send("PATCH", path, {"answers": answers}).status_code == 200


@ON_SQLITE
@pytest.mark.parametrize(("number", "meaning"), EVERYTHING, ids=[one.name for _, one in EVERYTHING])
def test_each_number_deletes_what_it_names_and_nothing_else(
    scene: Conversation, number: int, meaning: revocations.Revoked
) -> None:
    half_filled(scene)
    scene.customer.post(f"{scene.theirs}/messages", {"client_id": "phone-0001", "location": PLACE})
    before = draft_answers(scene.world)
    withdrawn(scene.world, REVOKE, RevokeInfo=str(number))
    ((deleted, kept),) = erasures(scene.world)
    gone = {key for key in before if key not in draft_answers(scene.world)}
    expected: dict[Held, tuple[dict[str, int], set[str]]] = {
        Held.PHONE: ({"phone": 1}, {"contact_phone"}),
        Held.ADDRESS: ({"address": 1}, {"address"}),
        Held.PLACES: ({"places": 2}, {"location"}),
    }
    assert meaning.held is not None
    assert (deleted, gone) == expected.get(meaning.held, ({}, set()))
    assert (phones(scene.world) == [None]) is (meaning.held is Held.PHONE)
    place = scene.page(scene.manager)["items"][0]["location"]
    assert (place is None) is (meaning.held is Held.PLACES)
    assert (
        kept["cases"] == "1项：合同及其履行证据，自办结之日起保存1095天（民法典第一百八十八条：诉讼时效三年）"
    )


@ON_SQLITE
def test_a_number_that_wechat_has_added_since_is_for_somebody_to_look_at(scene: Conversation) -> None:
    withdrawn(scene.world, REVOKE, RevokeInfo="8,99")
    ((deleted, kept),) = erasures(scene.world)
    assert deleted == {"phone": 1}
    assert kept["unknown 99"] == "微信新增的授权项，请人工核对是否持有相关信息"


@ON_SQLITE
def test_files_stay_with_their_case_and_that_is_said(scene: Conversation) -> None:
    send_picture(scene.world)
    withdrawn(scene.world, REVOKE, RevokeInfo="14")
    ((deleted, kept),) = erasures(scene.world)
    assert (deleted, kept["files"]) == ({}, FILES_KEPT)
    assert count(scene.world.app, "documents") == 1


def test_a_withdrawn_location_is_deleted_and_polled_as_a_change(scene: Conversation) -> None:
    scene.customer.post(f"{scene.theirs}/messages", {"client_id": "phone-0001", "location": PLACE})
    cursor = scene.page(scene.manager)["cursor"]
    withdrawn(scene.world, REVOKE, RevokeInfo="13")
    [news] = scene.page(scene.manager, after=cursor)["items"]
    assert (news["kind"], news["location"], news["text"]) == ("location", None, "[该消息已撤回]")


def test_a_closed_account_keeps_what_the_law_asks_for(scene: Conversation) -> None:
    scene.ask("您好")
    half_filled(scene)
    withdrawn(scene.world, CANCEL)
    ((deleted, kept),) = erasures(scene.world)
    assert (deleted["phone"], deleted["drafts"]) == (1, 1)
    assert kept["cases"].startswith("1项")
    assert any(key.startswith("consent") for key in kept)
    assert scene.customer.send("GET", "/customer/cases").status_code == 401
    assert phones(scene.world) == [None]
    with scene.world.app.app_context():
        assert len(db.session.scalars(select(Case.id)).all()) == 1
        db.session.remove()
    # What was said about the contract is still there for the manager.
    assert scene.texts(scene.manager) == ["您好"]
    assert count(scene.world.app, "privacy_consents") == 0


def test_an_answer_on_its_way_to_a_closed_account_says_what_became_of_it(scene: Conversation) -> None:
    write(scene.world, "o_customer", "在吗？")
    scene.manager.post(f"{scene.ours}/writing")
    scene.answer("在的")
    withdrawn(scene.world, CANCEL)
    answer = scene.page(scene.manager)["items"][-1]
    assert (answer["text"], answer["state"]) == ("在的", "sent")
    assert answer["note"]
    assert in_chat(scene.world) == []
    assert count(scene.world.app, "chat_sends") == 0
    # Nobody else waits because of it.
    other = scene.world.log_in("o_other", "13800000009")
    case = scene.world.submitted(other)
    write(scene.world, "o_other", "您好")
    body = {"client_id": "phone-0009", "text": "请讲"}
    scene.manager.post(f"/staff/conversations/{case['id']}/messages", body)
    scene.world.work()
    assert in_chat(scene.world) == ["请讲"]


@pytest.mark.parametrize("to", ["miniprogram", "service"])
def test_an_enquirer_is_deleted_with_their_messages(world: World, to: str) -> None:
    world.staff("G001")
    send_picture(world, "o_follower", to=to)
    withdrawn(world, CANCEL, "o_follower", to)
    for table in ("conversations", "messages", "documents", "chat_persons", "talk_timers"):
        assert count(world.app, table) == 0, table
    assert count(world.app, "doomed_bytes") == 1
    ((deleted, _),) = erasures(world)
    assert deleted["enquiries"] == 1


@ON_SQLITE
def test_the_official_account_reports_the_same_person(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001", unionid="u_customer")
    world.desk.ask("POST", "followers", {"openid": "o_follower", "unionid": "u_customer"})
    callback(world, "o_follower", "service", MsgType="event", Event="subscribe")
    world.work()
    withdrawn(world, CANCEL, "o_follower", "service")
    assert phones(world) == [None]
    assert customer.send("GET", "/customer/cases").status_code == 401


@ON_SQLITE
def test_a_repeated_event_is_recorded_once(scene: Conversation) -> None:
    for _ in range(3):
        withdrawn(scene.world, REVOKE, RevokeInfo="8", CreateTime="1789693200")
    assert len(erasures(scene.world)) == 1


@ON_SQLITE
def test_a_changed_profile_means_nothing_where_none_is_held(scene: Conversation) -> None:
    # Name and picture of WeChat's profile are never asked for.
    withdrawn(scene.world, "user_info_modified")
    assert (erasures(scene.world), phones(scene.world)) == ([], ["+8613800000001"])


@pytest.mark.parametrize("event", [REVOKE, CANCEL])
def test_somebody_unknown_withdraws_nothing(world: World, event: str) -> None:
    withdrawn(world, event, "o_nobody", RevokeInfo="8")
    assert count(world.app, "erasures") == 0
