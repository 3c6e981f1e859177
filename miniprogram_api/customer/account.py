"""The customer's own account: consent, phone, log out, notices, and the messages they agree to get."""

from typing import Any

from apiflask import APIBlueprint

from app.core.crypto import mask_phone
from app.services.people import identity, sessions
from miniprogram_api.cursors import next_cursor, number_cursor
from miniprogram_api.guards import caller
from miniprogram_api.schemas.customer import (
    ConsentIn,
    ConsentOut,
    PhoneIn,
    PhoneOut,
    SubscriptionsIn,
    SubscriptionsPageIn,
)
from miniprogram_api.schemas.deliveries import PreferencesIn, PreferencesOut
from miniprogram_api.schemas.shared import NoticesOut, PageIn, SubscriptionsOut
from miniprogram_api.wechat_calls import ask_wechat, wechat
from notifications.outbox import consents, preferences
from notifications.oversight import notice_queries

account = APIBlueprint("customer_account", __name__, url_prefix="/api/v1/customer", tag="customer")


@account.post("/consents")
@account.input(ConsentIn)
@account.output(ConsentOut, status_code=201)
@account.doc(summary="同意隐私政策")
def accept_privacy(json_data: dict[str, str]) -> Any:
    """Recorded with version and date; a second time keeps the first date."""
    return identity.consent(caller().subject_id, json_data["version"])


@account.post("/phone")
@account.input(PhoneIn)
@account.output(PhoneOut)
@account.doc(summary="授权手机号", responses={503: "微信服务暂时不可用"})
def verify_phone(json_data: dict[str, str]) -> dict[str, str]:
    """Cases opened under this phone become the customer's own."""
    identity.require_consent(caller().subject_id)
    phone = ask_wechat(lambda: wechat().miniprogram.phone_number(json_data["code"]))
    person = identity.verify_phone(caller().subject_id, phone.e164)
    return {"phone": mask_phone(person.phone or "")}


@account.delete("/sessions/current")
@account.output({}, status_code=204)
@account.doc(summary="退出登录")
def log_out() -> str:
    """The token is worth nothing from now on."""
    sessions.revoke(caller())
    return ""


@account.get("/notices")
@account.input(PageIn, location="query")
@account.output(NoticesOut)
@account.doc(summary="站内通知")
def list_notices(query_data: dict[str, Any]) -> dict[str, Any]:
    """The newest first."""
    page = notice_queries.notices_of_customer(
        caller().subject_id, before=number_cursor(query_data.get("cursor")), limit=query_data["limit"]
    )
    return {
        "items": page.items,
        "unread": page.unread,
        "cursor": next_cursor(page.items, query_data["limit"], lambda notice: notice.seq),
    }


@account.post("/notices/<public_id:notice_id>/reads")
@account.output({}, status_code=204)
@account.doc(summary="标记通知为已读")
def read_notice(notice_id: str) -> str:
    """Reading twice changes nothing."""
    notice_queries.mark_read_by_customer(caller().subject_id, notice_id)
    return ""


@account.get("/subscriptions")
@account.input(SubscriptionsPageIn, location="query")
@account.output(SubscriptionsOut)
@account.doc(summary="建议向客户申请的订阅消息模板")
def list_subscriptions(query_data: dict[str, str]) -> dict[str, Any]:
    """At most three: wx.requestSubscribeMessage takes no more."""
    return {"templates": consents.wanted(caller().subject_id, query_data["page"])}


@account.post("/subscriptions")
@account.input(SubscriptionsIn)
@account.output(SubscriptionsOut)
@account.doc(summary="登记客户对订阅消息的选择")
def record_subscriptions(json_data: dict[str, Any]) -> dict[str, Any]:
    """One accept is one message."""
    choices = json_data["choices"]
    consents.record(caller().subject_id, {key: int(choice == "accept") for key, choice in choices.items()})
    return {"templates": consents.wanted(caller().subject_id)}


@account.get("/message-preferences")
@account.output(PreferencesOut)
@account.doc(summary="消息接收偏好")
def list_preferences() -> dict[str, Any]:
    """What may be declined; everything else is told in any case."""
    return {"items": preferences.of_customer(caller().subject_id)}


@account.put("/message-preferences")
@account.input(PreferencesIn)
@account.output(PreferencesOut)
@account.doc(summary="设置消息接收偏好")
def set_preferences(json_data: dict[str, Any]) -> dict[str, Any]:
    """The notice in the app is there all the same."""
    preferences.record(caller().subject_id, json_data["wanted"])
    return {"items": preferences.of_customer(caller().subject_id)}
