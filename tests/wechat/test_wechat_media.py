"""Files in WeChat's chats: fetched once known, gone after three days, shown by the account."""

from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.core import clock
from app.wechat.port import FaultKind, WeChatError

if TYPE_CHECKING:
    from tests.wechat.conftest import Wechat

PICTURE = b"\xff\xd8\xff\xe0 not much of a picture"
GET = "cgi-bin/media/get"


def kept(wechat: "Wechat", account: str = "miniprogram") -> str:
    document = {"account": account, "media_type": "image/jpeg", "content": b64encode(PICTURE).decode()}
    media_id: str = wechat.control("POST", "media", document)["media_id"]
    return media_id


def fault_of(wechat: "Wechat", media_id: str) -> tuple[int | None, FaultKind]:
    with pytest.raises(WeChatError) as refused:
        wechat.mini_program().fetch_media(media_id=media_id)
    return refused.value.errcode, refused.value.kind


def test_a_picture_is_fetched_by_the_account_it_was_sent_to(wechat: "Wechat") -> None:
    assert wechat.mini_program().fetch_media(media_id=kept(wechat)) == PICTURE
    assert fault_of(wechat, kept(wechat, "service")) == (40007, FaultKind.CONTENT)


def test_it_is_there_for_three_days(wechat: "Wechat") -> None:
    media_id = kept(wechat)
    clock.use(clock.FixedClock(clock.now() + timedelta(days=3)))
    assert wechat.mini_program().fetch_media(media_id=media_id) == PICTURE
    clock.use(clock.FixedClock(clock.now() + timedelta(seconds=1)))
    assert fault_of(wechat, media_id) == (40007, FaultKind.CONTENT)


def test_a_refused_token_is_renewed_once(wechat: "Wechat") -> None:
    media_id = kept(wechat)
    wechat.mini_program().fetch_media(media_id=media_id)
    wechat.control("DELETE", "tokens")
    assert wechat.mini_program().fetch_media(media_id=media_id) == PICTURE


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"failure": "timeout"}, {"failure": "http500"}])
def test_what_can_be_asked_again_is_transient(wechat: "Wechat", fault: dict[str, object]) -> None:
    media_id = kept(wechat)
    wechat.control("POST", "faults", {"path": GET, **fault})
    assert fault_of(wechat, media_id)[1] is FaultKind.TRANSIENT
    assert wechat.mini_program().fetch_media(media_id=media_id) == PICTURE


def test_a_picture_is_shown_while_the_window_is_open(wechat: "Wechat") -> None:
    account, openid = wechat.service_account(), "oF"
    with pytest.raises(WeChatError) as refused:
        account.send_picture(openid=openid, content=PICTURE, media_type="image/jpeg")
    assert refused.value.errcode == 45015
    wechat.control("POST", "chats", {"account": "service", "openid": openid, "act": "wrote"})
    account.send_picture(openid=openid, content=PICTURE, media_type="image/jpeg")
    [shown] = wechat.control("GET", "chats")
    assert (shown["picture"], shown["text"], shown["typing"]) == (len(PICTURE), "", False)


def test_a_lost_answer_to_the_upload_is_transient_and_to_the_send_is_not(wechat: "Wechat") -> None:
    wechat.control("POST", "chats", {"account": "service", "openid": "oF", "act": "wrote"})
    for path, kind in (
        ("cgi-bin/media/upload", FaultKind.TRANSIENT),
        ("cgi-bin/message/custom/send", FaultKind.UNKNOWN_OUTCOME),
    ):
        wechat.control("POST", "faults", {"path": path, "failure": "timeout", "after_delivery": True})
        with pytest.raises(WeChatError) as refused:
            wechat.service_account().send_picture(openid="oF", content=PICTURE, media_type="image/jpeg")
        assert refused.value.kind is kind
    assert len(wechat.control("GET", "chats")) == 1
