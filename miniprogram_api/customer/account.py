"""The customer's account: consent, phone, notices, message settings, log-out."""

from typing import Any

from apiflask import APIBlueprint

from app.core import clock
from app.core.crypto import mask_phone
from app.services.cases.rights import take_over
from app.services.people import identity
from miniprogram_api.cursors import next_cursor, number_cursor
from miniprogram_api.guards import caller
from miniprogram_api.schemas.customer import (
    ConsentIn,
    ConsentOut,
    PhoneIn,
    PhoneOut,
    SubscriptionsIn,
    SubscriptionsPageIn,
    TakenOverOut,
    TakeOverIn,
)
from miniprogram_api.schemas.deliveries import PreferencesIn, PreferencesOut
from miniprogram_api.schemas.shared import NoticesOut, PageIn, SubscriptionsOut
from miniprogram_api.session_routes import add_session_routes
from miniprogram_api.wechat_calls import ask_phone_number
from notifications.outbox import consents, preferences
from notifications.oversight import notice_queries

account = APIBlueprint("customer_account", __name__, url_prefix="/api/v1/customer", tag="customer")
add_session_routes(account)


@account.post("/consents")
@account.input(ConsentIn)
@account.output(ConsentOut, status_code=201)
@account.doc(summary="同意隐私政策")
def accept_privacy(json_data: dict[str, str]) -> Any:
    """Records that the customer accepts the privacy policy.

    Send the `version` that `GET /customer/privacy` returned. Accepting it again keeps the first date. Refused
    with `invalid_fields` when the policy has a newer version.
    """
    return identity.consent(caller().subject_id, json_data["version"])


@account.post("/phone")
@account.input(PhoneIn)
@account.output(PhoneOut)
@account.doc(summary="授权手机号", responses={503: "微信服务暂时不可用"})
def verify_phone(json_data: dict[str, str]) -> dict[str, str]:
    """Records the phone number that WeChat has verified for the customer.

    Send the code of the phone-number button, not the login code. The number is now this customer's alone:
    whoever proved it before has none any more, but keeps their cases. Cases of nobody that were opened for
    this number become the customer's own. Refused with `consent_needed` before the privacy policy is
    accepted, with `conflict` when the number was proved later by somebody else, and with `invalid_fields` for
    a used, expired or forged code (the customer taps the button again) and for what is no possible number.
    Numbers of every country are accepted.
    """
    identity.require_consent(caller().subject_id)
    asked_at = clock.now()
    phone = ask_phone_number(json_data["code"], "code")
    person = identity.verify_phone(caller().subject_id, phone.e164, phone.proved_at or asked_at)
    return {"phone": mask_phone(person.phone or "")}


@account.post("/take-overs")
@account.input(TakeOverIn)
@account.output(TakenOverOut)
@account.doc(summary="更换微信账户后找回报装", responses={404: "没有核对上", 429: "尝试过于频繁"})
def take_cases_over(json_data: dict[str, str]) -> dict[str, Any]:
    """Takes over the cases of the same person's former WeChat account.

    The customer has proved the phone number of the cases in this account, and names the number of one of them
    and the contact's name on its application. All cases of the former account with this phone number follow.
    Refused with `conflict` without a proved number, with `case_not_found` whichever of the two is wrong, and
    with `too_many_attempts` after 5 tries a day.
    """
    case_ids = take_over.take_over(caller().subject_id, json_data["number"], json_data["contact_name"])
    return {"case_ids": case_ids}


@account.get("/notices")
@account.input(PageIn, location="query")
@account.output(NoticesOut)
@account.doc(summary="站内通知")
def list_notices(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the customer's in-app notices, newest first.

    `unread` counts all unread notices, not only those of this page.
    """
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
def mark_notice_read(notice_id: str) -> str:
    """Marks an in-app notice as read.

    Repeating the call changes nothing.
    """
    notice_queries.mark_read_by_customer(caller().subject_id, notice_id)
    return ""


@account.get("/subscriptions")
@account.input(SubscriptionsPageIn, location="query")
@account.output(SubscriptionsOut)
@account.doc(summary="建议向客户申请的订阅消息模板")
def list_subscriptions(query_data: dict[str, str]) -> dict[str, Any]:
    """Lists the subscription-message templates to ask the customer for next.

    At most three, because wx.requestSubscribeMessage takes no more, and one-time or long-term templates,
    never both. Some templates are offered on the page named by `page` only.
    """
    return {"templates": consents.templates_to_ask(caller().subject_id, query_data["page"])}


@account.post("/subscriptions")
@account.input(SubscriptionsIn)
@account.output(SubscriptionsOut)
@account.doc(summary="登记客户对订阅消息的选择")
def record_subscriptions(json_data: dict[str, Any]) -> dict[str, Any]:
    """Records what the customer answered in wx.requestSubscribeMessage.

    Each `accept`, `acceptWithAudio` or `acceptWithAlert` allows one more message of that template, or all of
    a long-term one; `reject`, `ban` and `filter` allow none. Refused with `invalid_fields` for an unknown
    template. Returns the templates to ask for next.
    """
    consents.record_choices(caller().subject_id, json_data["choices"])
    return {"templates": consents.templates_to_ask(caller().subject_id)}


@account.get("/message-preferences")
@account.output(PreferencesOut)
@account.doc(summary="消息接收偏好")
def list_preferences() -> dict[str, Any]:
    """Lists the message topics that the customer may decline.

    Messages of every other topic are always sent.
    """
    return {"items": preferences.preferences_of(caller().subject_id)}


@account.put("/message-preferences")
@account.input(PreferencesIn)
@account.output(PreferencesOut)
@account.doc(summary="设置消息接收偏好")
def set_preferences(json_data: dict[str, Any]) -> dict[str, Any]:
    """Sets which message topics are sent to the customer through WeChat or by text message.

    A topic that is left out keeps its setting. A declined message still appears among the in-app notices.
    Refused with `invalid_fields` for an unknown topic.
    """
    preferences.record_preferences(caller().subject_id, json_data["wanted"])
    return {"items": preferences.preferences_of(caller().subject_id)}
