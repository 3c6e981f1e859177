"""The accounts of an installation, with whom messages are sent and received."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WeChatAccount:
    """One WeChat account: its id, its secret, and the two keys of its message push."""

    appid: str
    secret: str = field(repr=False)
    push_token: str = field(repr=False)
    push_aes_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WeComAccount(WeChatAccount):
    """An application in 企业微信 (WeCom): `appid` is the CorpID, `agent_id` the application's number."""

    agent_id: int


@dataclass(frozen=True, slots=True)
class SmsAccount:
    """An account with a carrier of text messages (Tencent Cloud), with its approved signature and text."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    app_id: str
    sign_name: str
    template_id: str
