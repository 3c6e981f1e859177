"""What people do in WeChat itself, done at the simulator: codes, consents, following, callbacks."""

from typing import Any

from app.demo.wire import Wire
from app.domain.citydata import city_folder
from notifications import catalogfile


class SimulatedWeChat:
    """The control interface of a simulator that listens on loopback (app/wechat/simulator/control.py)."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def codes(self, openid: str, *, unionid: str | None = None, phone: str | None = None) -> dict[str, Any]:
        """Fresh codes of a user, who is made known by it: `login_code`, and `phone_code` with a phone."""
        user = {"openid": openid, "unionid": unionid, "phone": phone}
        known = {key: value for key, value in user.items() if value is not None}
        codes: dict[str, Any] = self._ask("codes", {"user": known})
        return codes

    def consent(self, openid: str, template_id: str) -> None:
        """The user taps “允许” for one message of a template."""
        self._ask("consents", {"openid": openid, "template_id": template_id})

    def know_follower(self, openid: str, unionid: str) -> None:
        """The service account has this follower, without telling the server of it."""
        self._ask("followers", {"openid": openid, "unionid": unionid})

    def follow(self, openid: str, unionid: str, server: str) -> None:
        """The user follows the service account, and WeChat tells the server at `server` (its base URL)."""
        self.know_follower(openid, unionid)
        payload = {"FromUserName": openid, "MsgType": "event", "Event": "subscribe"}
        url = f"{server}/wechat/callback/service"
        self._ask("push", {"account": "service", "url": url, "payload": payload})

    def register(self, template: dict[str, object]) -> None:
        """Register a message template, as a utility does in the console of its account."""
        self._ask("templates", template)

    def _ask(self, control: str, document: dict[str, Any]) -> Any:
        return self._wire.ask("POST", f"/_sim/{control}", document)


def register_templates(wechat: SimulatedWeChat) -> None:
    """Register every template of the demo city's messages, under the ids that the product uses with a simulator.

    Raises `DataFault` when the city's messages are faulty.
    """
    for template in catalogfile.load(city_folder({}), None).declared():
        wechat.register(template)
