"""What 企业微信 (WeCom) reports of its members: who came into the application's reach, and who left it.

Source: WeCom's documentation of 成员关注及取消关注事件 and 通讯录变更事件. `subscribe` and `unsubscribe` come
when an administrator changes the application's reach, and when a member joins or leaves the company.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.services.people import wecom_members
from app.wechat.pushevent import MEMBER_ID


def _joined(member_id: str, _fields: Mapping[str, Any]) -> bool:
    return wecom_members.joined(member_id)


def _left(member_id: str, _fields: Mapping[str, Any]) -> bool:
    return wecom_members.release(member_id)


def _changed(member_id: str, fields: Mapping[str, Any]) -> bool:
    match fields.get("ChangeType"):
        case "create_user":
            return wecom_members.joined(member_id)
        case "delete_user":
            return wecom_members.release(member_id)
        case "update_user" if MEMBER_ID.fullmatch(str(fields.get("NewUserID", ""))):
            return wecom_members.renamed(member_id, str(fields["NewUserID"]))
        case _:
            return False


EFFECTS: Mapping[str, Callable[[str, Mapping[str, Any]], bool]] = MappingProxyType(
    {"subscribe": _joined, "unsubscribe": _left, "change_contact": _changed}
)
"""By event, in the caller's transaction; False for what is no affair of ours."""
