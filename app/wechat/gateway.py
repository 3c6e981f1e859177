"""The connection of a mini-program or a 服务号: wechatpy's client, with tokens of `stable_token`."""

from datetime import timedelta

from wechatpy.client import WeChatClient

from app.core import clock
from app.wechat.account_calls import AccountCalls
from app.wechat.port import FaultKind, WeChatError
from app.wechat.token_store import AccessToken


class Gateway(AccountCalls, WeChatClient):  # type: ignore[misc]
    """The account of a mini-program or a 服务号."""

    def fetch_access_token(self, *, force: bool = False) -> AccessToken:
        """Ask `stable_token`, the same for every asker; `force` replaces it. Raises WeChatError."""
        asked_at = clock.now()
        body = {
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self.secret,
            "force_refresh": force,
        }
        answer = self.call(
            "post",
            "cgi-bin/stable_token",
            body=body,
            authorised=False,
            repeatable=True,
            proof="access_token",
        )
        try:
            lifetime = timedelta(seconds=int(answer["expires_in"]))
            return AccessToken(str(answer["access_token"]), asked_at + lifetime)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            message = "stable_token's answer holds no usable token"
            raise WeChatError(None, message, FaultKind.TRANSIENT) from error
