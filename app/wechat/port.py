"""What the product needs of WeChat, as protocols and plain values; nothing here knows how WeChat is reached.

Two accounts exist and their openids differ: the mini-program (customers and staff log in there, customers get
subscribe messages) and the 服务号, the service account (staff get template messages). unionid joins the two.
An installation may also have an application in 企业微信 (WeCom), which knows staff by their member ids.
Every call may raise `WeChatError`; its `kind` says what the caller has to do next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.wechat.templates import AccountTemplate


class AccountKind(StrEnum):
    """The accounts; the values are also the last part of the callback addresses."""

    MINI_PROGRAM = "miniprogram"
    SERVICE = "service"
    WECOM = "wecom"


class FaultKind(StrEnum):
    """Which treatment a failed call needs (the codes of each kind are data: errcodes.toml)."""

    TRANSIENT = "transient"
    """Nothing was done; try again with back-off."""
    QUOTA = "quota"
    """Nothing was done; the day's quota is used up, try again tomorrow (Asia/Shanghai)."""
    TOKEN = "token"  # noqa: S105 - the name of a fault, not a credential
    """The access token was refused even after it was renewed once; alarm the operator when it lasts."""
    RECIPIENT = "recipient"
    """This person can't be reached this way (no consent, no follower, ...); use the next channel."""
    TEMPLATE = "template"
    """The template or the page it opens is wrong: every message of this template would meet it."""
    CONTENT = "content"
    """The content of this one message is refused; others of its template may be sent."""
    WORDING = "wording"
    """A word in this one message is refused; says nothing of the template."""
    UNLISTED = "unlisted"
    """Refused for a cause that nobody knows here: it says nothing of any other message."""
    UNCLEAR = "unclear"
    """The account, or this one person or text: whether others are accepted at the same time tells which."""
    CONFIGURATION = "configuration"
    """The account is wrong: nothing can be sent until somebody fixes it; alarm the operator."""
    UNKNOWN_OUTCOME = "unknown_outcome"
    """The request left and no usable answer came: it may or may not have been done; never repeat blindly."""
    LOGIN = "login"
    """The code from the client is wrong, too old or used; the client has to ask WeChat for a new one."""
    BLOCKED = "blocked"
    """WeChat considers this user high-risk and refuses the login."""


class Treatment(StrEnum):
    """What a sender does about a fault (which kind gets which is data: errcodes.toml)."""

    RETRY = "retry"
    """Send again with back-off and jitter, a bounded number of times."""
    TOMORROW = "tomorrow"
    """Let the whole channel wait for WeChat's next day."""
    RENEW_TOKEN = "renew_token"  # noqa: S105 - the name of a treatment
    """The client has renewed the token once already; retry, and alarm the operator when it lasts."""
    NEXT_CHANNEL = "next_channel"
    """Try to reach the person another way."""
    STOP_TEMPLATE = "stop_template"
    """Stop this template, alarm the operator, and let the queue go on."""
    FAIL_MESSAGE = "fail_message"
    """Abandon this message on this channel, and alarm the operator."""
    FAIL_MESSAGE_ONLY = "fail_message_only"
    """The same, and don't count it against the template."""
    COMPARE = "compare"
    """Abandon it on this channel when others are accepted, close the channel when nobody is."""
    CLOSE_CHANNEL = "close_channel"
    """Close the channel for a while, alarm the operator, and keep all waiting messages."""
    SETTLE_LATER = "settle_later"
    """Repeat only if WeChat recognises a repetition; else wait for its report, or apply the city's rule."""


class WeChatError(Exception):
    """A call to WeChat did not succeed.

    `errcode` is WeChat's own code, or None when no answer with a code came; `message` is for operators
    (English, never shown to a customer) and holds neither AppSecret, access token, session key nor
    login code.
    """

    def __init__(self, errcode: int | None, message: str, kind: FaultKind) -> None:
        super().__init__(errcode, message, kind)
        self.errcode = errcode
        self.message = message
        self.kind = kind

    def __str__(self) -> str:
        code = "no code" if self.errcode is None else str(self.errcode)
        return f"WeChat {self.kind} fault ({code}): {self.message}"


class MiniProgramState(StrEnum):
    """Which edition of the mini-program a subscribe message opens (`miniprogram_state`)."""

    DEVELOPER = "developer"
    TRIAL = "trial"
    FORMAL = "formal"


@dataclass(frozen=True, slots=True)
class Login:
    """Who a login code stands for. The session key stays inside app.wechat."""

    openid: str
    unionid: str | None


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A phone number verified by WeChat; personal data, so not part of the repr."""

    country_code: str
    """Digits only, "86" for mainland China."""
    national: str = field(repr=False)
    """The number without country code, digits only."""
    proved_at: datetime | None = None
    """When the person tapped the button, by WeChat's clock; None when WeChat did not say."""

    @property
    def e164(self) -> str:
        """The number in E.164 form, e.g. +8613800000000."""
        return f"+{self.country_code}{self.national}"


@dataclass(frozen=True, slots=True)
class SendReceipt:
    """WeChat accepted the message, which does not yet mean that it was delivered."""

    msgid: str | None
    """WeChat's id of the message; later callbacks name it. None when WeChat gave none."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A person as the service account knows them."""

    openid: str
    unionid: str | None
    """Given only while the person follows and the account is bound to an Open Platform account."""
    subscribed: bool


class Verdict(StrEnum):
    """What WeChat's content check says; the values are WeChat's own words."""

    PASS = "pass"  # noqa: S105 - WeChat's word, not a credential
    REVIEW = "review"
    RISKY = "risky"


class ChatWindow(Protocol):
    """WeChat's own chat with one account: 客服消息, allowed for a while after the person wrote there."""

    def send_text(self, *, openid: str, text: str) -> None:
        """Say something in the chat. There is no idempotency key: never repeat after an unknown_outcome.

        A closed window (45015) or one whose number of messages is used up (45047) is a recipient fault.
        Raises WeChatError.
        """
        ...

    def send_picture(self, *, openid: str, content: bytes, media_type: str) -> None:
        """Show a JPEG or PNG of at most 10 MiB in the chat, as one send; the same holds as for a text.

        Raises WeChatError.
        """
        ...

    def show_typing(self, *, openid: str) -> None:
        """Let the person see that somebody is writing. Raises WeChatError."""
        ...

    def fetch_media(self, *, media_id: str) -> bytes:
        """The bytes of a picture or voice message, which WeChat keeps for three days.

        An id that is wrong or too old (40007) is a content fault. Raises WeChatError.
        """
        ...


class ContentCheck(Protocol):
    """WeChat's check of what a user of the mini-program writes or shows (内容安全, version 2)."""

    def check_text(self, *, openid: str, text: str, scene: int) -> Verdict:
        """What WeChat thinks of a text of at most 2,500 characters; `scene` is 1 to 4.

        The person has to have used the mini-program within two hours (else 61010, a recipient fault).
        Raises WeChatError.
        """
        ...

    def check_picture(self, *, openid: str, url: str, scene: int) -> str:
        """Let WeChat fetch and check a picture; the answer is an event `wxa_media_check` of this trace id.

        Raises WeChatError.
        """
        ...


class MiniProgram(ChatWindow, ContentCheck, Protocol):
    """The mini-program's account."""

    def templates(self) -> list[AccountTemplate]:
        """The subscription-message templates (订阅消息) of the account. Raises WeChatError."""
        ...

    def keep_token_fresh(self) -> None:
        """Make sure that a token is cached that is valid for some minutes. Raises WeChatError."""
        ...

    def login(self, code: str) -> Login:
        """Exchange the code of `wx.login` (single use, 5 minutes). Raises WeChatError."""
        ...

    def phone_number(self, code: str) -> PhoneNumber:
        """Exchange the code of the phone-number button (not the login code; single use, 5 minutes).

        Each success is charged to most accounts: don't call it twice for one purpose. Raises WeChatError.
        """
        ...

    def send_subscribe(
        self,
        *,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None = None,
        state: MiniProgramState = MiniProgramState.FORMAL,
    ) -> SendReceipt:
        """Send a subscribe message; uses up one consent of that person for that template.

        WeChat has no idempotency key for it: after an unknown_outcome a repetition may tell the person
        twice. `data` maps the template's field keys ("thing1") to text; `page` has no leading slash.
        Raises WeChatError.
        """
        ...


class ServiceAccount(ChatWindow, Protocol):
    """The service account (服务号)."""

    def templates(self) -> list[AccountTemplate]:
        """The message templates (模板消息) of the account. Raises WeChatError."""
        ...

    def keep_token_fresh(self) -> None:
        """Make sure that a token is cached that is valid for some minutes. Raises WeChatError."""
        ...

    def send_template(
        self,
        *,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        client_msg_id: str,
        url: str | None = None,
        miniprogram_page: str | None = None,
    ) -> SendReceipt:
        """Send a template message to a follower; `miniprogram_page` wins over `url`.

        The same openid and client_msg_id are sent once within 10 minutes, so within that time a
        repetition after an unknown_outcome is safe. Raises WeChatError.
        """
        ...

    def follower(self, openid: str) -> Follower:
        """Look up who an openid of the service account is (after a follow event). Raises WeChatError."""
        ...

    def follower_page(self, after: str | None) -> tuple[Sequence[str], int]:
        """Openids of up to 10,000 followers after this one, none at the end; and how many there are in all.

        Raises WeChatError.
        """
        ...

    def followers(self, openids: Sequence[str]) -> Sequence[Follower]:
        """The same as `follower` for up to 100 openids at once. Raises WeChatError."""
        ...


class WorkMessenger(Protocol):
    """The utility's application in 企业微信 (WeCom), which writes to members of staff."""

    def keep_token_fresh(self) -> None:
        """Have a token at hand that is good for some minutes, fetching one if need be. Raises WeChatError."""
        ...

    def send_card(self, *, member_id: str, title: str, description: str, url: str) -> SendReceipt:
        """Send a text card (文本卡片) that opens `url`; what is too long is cut.

        The same card to the same member is delivered once within 30 minutes, so within that time a repetition
        after an unknown_outcome is safe. More than 30 cards a minute or 1,000 an hour to one member are taken
        and silently dropped: the caller has to keep to that. Raises WeChatError.
        """
        ...

    def member_of_phone(self, phone: str) -> str | None:
        """The id of the member with this phone (E.164), if the company has one. Raises WeChatError."""
        ...


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of an installation."""

    miniprogram: MiniProgram
    service: ServiceAccount
    work: WorkMessenger | None = None
