"""Endpoints without a login: guide, privacy policy, log-in, case look-up."""

from typing import Any

from apiflask import APIBlueprint
from flask import request

from app.services.cases import public_lookup
from app.services.installation import city
from app.services.operations.public_guide import public_guide
from app.services.people import identity
from app.services.people.sessions import Audience
from miniprogram_api.guards import token_signer
from miniprogram_api.schemas.customer import LoginIn, LookupIn, LookupOut, PrivacyOut, TokenOut
from miniprogram_api.schemas.guide import GuideOut
from miniprogram_api.wechat_calls import ask_wechat, wechat

public = APIBlueprint("customer_public", __name__, url_prefix="/api/v1/customer", tag="customer")


@public.get("/guide")
@public.output(GuideOut)
@public.doc(summary="办事指南：本市全部业务类型、时限与资料")
def read_guide() -> dict[str, Any]:
    """Returns the public guide (办事指南) with every program of this city.

    Stages, promised working days, documents and reasons for a clock pause. No login is needed.
    """
    return public_guide()


@public.get("/privacy")
@public.output(PrivacyOut)
@public.doc(summary="现行隐私政策")
def read_privacy() -> Any:
    """Returns the privacy policy in force.

    Its `version` is sent when the customer accepts it. No login is needed.
    """
    return city.current().city.privacy


@public.post("/sessions")
@public.input(LoginIn)
@public.output(TokenOut, status_code=201)
@public.doc(summary="登录：wx.login 的 code 换取令牌", responses={503: "微信服务暂时不可用"})
def log_in(json_data: dict[str, str]) -> dict[str, Any]:
    """Logs a customer in with a code of wx.login.

    A code works once, for five minutes. The first login creates the customer. Refused with `login_refused`
    for any other code, and with `wechat_unavailable` when WeChat does not answer.
    """
    login = ask_wechat(lambda: wechat().miniprogram.login(json_data["code"]))
    person = identity.sign_in_customer(login.openid, login.unionid)
    token = token_signer().issue(Audience.CUSTOMER, person.id)
    return {
        "token": token.value,
        "expires_at": token.expires_at,
        "phone_verified": person.phone_hash is not None,
        "privacy_accepted": identity.has_consented(person.id),
    }


@public.post("/lookups")
@public.input(LookupIn)
@public.output(LookupOut)
@public.doc(summary="凭受理编号和手机号后四位查询进度", responses={429: "查询过于频繁"})
def look_up_case(json_data: dict[str, str]) -> dict[str, Any]:
    """Looks a case up by its number and the last four digits of the contact phone.

    No login is needed, and little is shown. Every attempt is counted: too many are refused with
    `too_many_attempts`. A wrong number and wrong digits give the same `case_not_found`.
    """
    return public_lookup.look_up(
        json_data["number"], json_data["phone_last_digits"], request.remote_addr or "unknown"
    )
