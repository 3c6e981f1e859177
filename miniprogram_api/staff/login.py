"""Log-in of staff. A phone number that WeChat verified identifies the staff record."""

from typing import Any

from apiflask import APIBlueprint

from app.domain.errors import PhoneUnknownError
from app.services.installation import city
from app.services.people import identity
from app.services.people.sessions import Audience
from miniprogram_api.guards import token_signer
from miniprogram_api.schemas.staff import StaffLoginIn, StaffTokenOut
from miniprogram_api.wechat_calls import ask_phone_number, ask_wechat, wechat

login = APIBlueprint("staff_login", __name__, url_prefix="/api/v1/staff", tag="staff")


@login.post("/sessions")
@login.input(StaffLoginIn)
@login.output(StaffTokenOut, status_code=201)
@login.doc(summary="员工登录（首次需授权手机号）", responses={503: "微信服务暂时不可用"})
def log_in(json_data: dict[str, str]) -> dict[str, Any]:
    """Logs a member of staff in with a code of wx.login.

    The first time also with the code of the phone-number button: the phone number identifies the staff
    record. Refused with `not_staff` when it belongs to no active member of staff, with `login_refused`, with
    `invalid_fields` for a used or expired code of that button, and with `wechat_unavailable`.
    """
    miniprogram = wechat().miniprogram
    login = ask_wechat(lambda: miniprogram.login(json_data["code"]))
    member = identity.sign_in_staff(login.openid, login.unionid)
    if member is None:
        code = json_data.get("phone_code")
        if code is None:
            raise PhoneUnknownError("首次登录请授权手机号，以核对员工身份。")
        phone = ask_phone_number(code, "phone_code")
        member = identity.bind_staff(login.openid, login.unionid, phone.e164)
    token = token_signer().issue(Audience.STAFF, member.id)
    return {
        "token": token.value,
        "expires_at": token.expires_at,
        "name": member.name,
        "number": member.number,
        "department": city.department_name(member.department),
        "is_manager": member.is_manager,
        "is_supervisor": member.is_supervisor,
    }
