"""The simulated chat windows and the content check: what WeChat lets through, and what it has said."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core import clock
from app.wechat.port import AccountKind, Verdict
from app.wechat.simulator.people import Refused

LONGEST_TEXT = 2500
# Of UTF-8: users report it, the documentation gives no number.
LONGEST_SAID = 2048
# 客服输入状态: only within 30 seconds of a message, and not again while it is shown.
TALKED_WITHIN = timedelta(seconds=30)
TYPING_LASTS = timedelta(seconds=15)
LARGEST_PICTURE = 10 * 1024 * 1024
MEDIA_LIFE = timedelta(days=3)
# Words that stand for what the real check would find.
RISKY_WORD = "违禁演示词"
REVIEW_WORD = "待审演示词"


def refuse_words(values: Mapping[str, str]) -> None:
    """What subscribe messages refuse as sensitive words (敏感词). Raises Refused."""
    if any(RISKY_WORD in value for value in values.values()):
        raise Refused(45168, "hit sensitive words")


class ChatAct(StrEnum):
    """What a person does to open the window."""

    WROTE = "wrote"
    ENTERED = "entered"


_ALLOWED: Mapping[ChatAct, tuple[int, timedelta]] = {
    ChatAct.WROTE: (5, timedelta(hours=48)),
    ChatAct.ENTERED: (2, timedelta(minutes=1)),
}


@dataclass(slots=True)
class _Window:
    left: int
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Media:
    """A file that WeChat keeps for a while: sent by a person, or uploaded to be shown in a chat."""

    content: bytes
    media_type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PictureCheck:
    """A picture that the content check was asked about; what it says is pushed by whoever tries it."""

    trace_id: str
    openid: str
    url: str


@dataclass(frozen=True, slots=True)
class Said:
    """What an account said in a chat: a text or a picture; neither is the sign that somebody is writing."""

    seq: int
    at: datetime
    account: AccountKind
    openid: str
    text: str
    picture: Media | None = None

    def as_json(self) -> dict[str, object]:
        """For the control interface; the time is ISO 8601 in UTC."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "account": self.account.value,
            "openid": self.openid,
            "text": self.text,
            "typing": not self.text and self.picture is None,
            "picture": None if self.picture is None else len(self.picture.content),
        }


class Chats:
    """The chats of both accounts. Not locked: `State` is."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._windows: dict[tuple[AccountKind, str], dict[ChatAct, _Window]] = {}
        self.checks: list[PictureCheck] = []
        self._talked_at: dict[tuple[AccountKind, str], datetime] = {}
        self._typing_until: dict[tuple[AccountKind, str], datetime] = {}
        self._media: dict[tuple[AccountKind, str], Media] = {}

    def keep(self, account: AccountKind, content: bytes, media_type: str) -> str:
        """Keep a file as temporary media of an account; its id."""
        media_id = f"simulated-{len(self._media) + 1:08}"
        self._media[account, media_id] = Media(content, media_type, clock.now())
        return media_id

    def media(self, account: AccountKind, media_id: str) -> Media:
        """The file of that id, for three days. Raises Refused."""
        found = self._media.get((account, media_id))
        if found is None or clock.now() - found.at > MEDIA_LIFE:
            raise Refused(40007, "invalid media_id")
        return found

    def act(self, account: AccountKind, openid: str, act: ChatAct) -> None:
        """A person wrote or came in: the account may answer, for a while and a few times."""
        sends, within = _ALLOWED[act]
        if act is ChatAct.WROTE:
            self._talked_at[account, openid] = clock.now()
        self._windows.setdefault((account, openid), {})[act] = _Window(sends, clock.now() + within)

    def send(self, account: AccountKind, openid: str, text: str, picture: Media | None = None) -> None:
        """Say or show something in a chat.

        Raises Refused for a text that is too long, and when the window is closed or used up.
        """
        if len(text.encode()) > LONGEST_SAID:
            raise Refused(45002, "message content out of limit")
        windows = self._windows.get((account, openid))
        if windows is None:
            raise Refused(45015, "response out of time limit or subscription is canceled")
        usable = [window for window in windows.values() if window.closes_at > clock.now()]
        if not usable:
            raise Refused(45015, "response out of time limit or subscription is canceled")
        window = max(usable, key=lambda window: (window.left > 0, window.closes_at))
        if window.left < 1:
            raise Refused(45047, "out of response count limit")
        window.left -= 1
        self._talked_at[account, openid] = clock.now()
        # Whatever is said ends the sign that somebody is writing.
        self._typing_until.pop((account, openid), None)
        self._say(account, openid, text, picture)

    def typing(self, account: AccountKind, openid: str) -> None:
        """Show that somebody is writing.

        Raises Refused without a word to or from the person in the last 30 seconds (45080), and while the sign
        is shown already, which lasts 15 seconds (45081).
        """
        key, now = (account, openid), clock.now()
        if key not in self._talked_at or now - self._talked_at[key] > TALKED_WITHIN:
            raise Refused(45080, "need a message to or from the user in the last 30 seconds")
        if key in self._typing_until and now < self._typing_until[key]:
            raise Refused(45081, "typing already")
        self._typing_until[key] = now + TYPING_LASTS
        self._say(account, openid, "")

    def check_text(self, body: Mapping[str, object], known: Container[str]) -> str:
        """What the check thinks of a text. Raises Refused."""
        content = body.get("content")
        if body.get("version") != 2 or body.get("scene") not in (1, 2, 3, 4):
            raise Refused(47001, "data format error")
        if not isinstance(content, str) or not 0 < len(content) <= LONGEST_TEXT:
            raise Refused(40097, "invalid args")
        _check_visitor(body, known)
        if RISKY_WORD in content:
            return Verdict.RISKY
        return Verdict.REVIEW if REVIEW_WORD in content else Verdict.PASS

    def check_picture(self, body: Mapping[str, object], known: Container[str]) -> str:
        """The trace id under which a picture would be checked. Raises Refused."""
        url = body.get("media_url")
        if body.get("version") != 2 or body.get("media_type") != 2:
            raise Refused(47001, "data format error")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise Refused(40097, "invalid args")
        _check_visitor(body, known)
        trace_id = f"simulated-{len(self.checks) + 1:08}"
        self.checks.append(PictureCheck(trace_id, str(body["openid"]), url))
        return trace_id

    def _say(self, account: AccountKind, openid: str, text: str, picture: Media | None = None) -> None:
        self.said.append(Said(len(self.said) + 1, clock.now(), account, openid, text, picture))


def _check_visitor(body: Mapping[str, object], known: Container[str]) -> None:
    if body.get("openid") not in known:
        raise Refused(61010, "code is expired")
