"""WeChat's own chat and its content check, as calls of an account's gateway (port: ChatWindow, ContentCheck).

Sources: WeChat's documentation, 客服消息 (message/custom/send, message/custom/typing), 临时素材 (media/get
and media/upload: temporary media live three days), 内容安全 (msg_sec_check and media_check_async, both in
version 2). wechatpy knows only the first version of the check, and fetches media by a path of its own
without time-out.
"""

from typing import ClassVar

from app.wechat.gateway import Gateway
from app.wechat.port import FaultKind, Verdict, WeChatError

CHECK_VERSION = 2
PICTURE = 2

# 客服输入状态: nothing was said within 30 seconds, or the sign is shown already. Neither is a fault.
_TYPING_NOT_SHOWN = frozenset({45080, 45081})


class _OfAccount:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway


class ChatCalls(_OfAccount):
    """Calls for the chat of an account."""

    typing_path: ClassVar[str]
    """Where the account says that somebody is writing: mini-programs have a path of their own."""

    def send_text(self, *, openid: str, text: str) -> None:
        """Say something in the chat; see the port."""
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        self._gateway.call("post", "cgi-bin/message/custom/send", body=body)

    def show_typing(self, *, openid: str) -> None:
        """Let the person see that somebody is writing; see the port."""
        body = {"touser": openid, "command": "Typing"}
        try:
            self._gateway.call("post", self.typing_path, body=body)
        except WeChatError as error:
            if error.errcode not in _TYPING_NOT_SHOWN:
                raise

    def fetch_media(self, *, media_id: str) -> bytes:
        """What somebody sent in the chat; see the port."""
        return self._gateway.fetch("cgi-bin/media/get", query={"media_id": media_id})

    def send_picture(self, *, openid: str, content: bytes, media_type: str) -> None:
        """Show a picture in the chat; see the port."""
        name = "picture.png" if media_type == "image/png" else "picture.jpg"
        media_id = self._gateway.upload(
            "cgi-bin/media/upload", query={"type": "image"}, name=name, media_type=media_type, content=content
        )
        body = {"touser": openid, "msgtype": "image", "image": {"media_id": media_id}}
        self._gateway.call("post", "cgi-bin/message/custom/send", body=body)


class CheckCalls(_OfAccount):
    """Calls for the check of a text or a picture."""

    def check_text(self, *, openid: str, text: str, scene: int) -> Verdict:
        """What WeChat thinks of a text; see the port."""
        body = {"content": text, "version": CHECK_VERSION, "scene": scene, "openid": openid}
        answer = self._gateway.call("post", "wxa/msg_sec_check", body=body, repeatable=True)
        result = answer.get("result")
        suggest = result.get("suggest") if isinstance(result, dict) else None
        if suggest not in set(Verdict):
            raise WeChatError(None, "msg_sec_check's answer holds no suggestion", FaultKind.TRANSIENT)
        return Verdict(suggest)

    def check_picture(self, *, openid: str, url: str, scene: int) -> str:
        """Let WeChat check a picture; see the port."""
        body = {
            "media_url": url,
            "media_type": PICTURE,
            "version": CHECK_VERSION,
            "scene": scene,
            "openid": openid,
        }
        answer = self._gateway.call("post", "wxa/media_check_async", body=body, repeatable=True)
        trace_id = answer.get("trace_id")
        if not isinstance(trace_id, str) or not trace_id:
            raise WeChatError(None, "media_check_async's answer lacks trace_id", FaultKind.TRANSIENT)
        return trace_id
