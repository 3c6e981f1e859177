"""What a city has decided about talking with one's manager: the numbers of its talk.toml, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class MessageRules:
    """Texts have at most `longest` characters; the sender may recall a message for `recall`."""

    longest: int
    recall: timedelta


@dataclass(frozen=True, slots=True)
class AskingRules:
    """How soon a phone asks again, in seconds.

    `steps` are (silence so far, seconds): the first whose silence has not passed applies, after the last one
    `idle` does. A side that said it is writing is believed for `writing_holds`.
    """

    writing: int
    steps: tuple[tuple[timedelta, int], ...]
    idle: int
    writing_holds: timedelta


@dataclass(frozen=True, slots=True)
class PushRules:
    """A message unread for `after` is pushed, once in a `burst`, and never from `quiet_from` to `quiet_to`.

    The quiet hours are on the city's clock and may pass midnight.
    """

    after: timedelta
    burst: timedelta
    quiet_from: time
    quiet_to: time


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many 客服消息 may be sent within `within` of what opened the window."""

    sends: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class WindowRules:
    """What WeChat allows after the person wrote, and after they merely entered the chat."""

    message: Allowance
    entry: Allowance
    text_bytes: int
    """How long one text may be, in bytes of UTF-8; longer ones go in several sends."""


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """Working days until a customer's message has to be answered, and until the manager is reminded of it."""

    due: Fraction
    remind: Fraction


@dataclass(frozen=True, slots=True)
class ComplaintRules:
    """Working days until a complaint has to be answered, and how long before that one is reminded."""

    due: Fraction
    remind_before: Fraction


@dataclass(frozen=True, slots=True)
class SafetyRules:
    """WeChat's content check: the `scene` to name, how often it is tried, and how long an answer may take."""

    scene: int
    tries: int
    answer_within: timedelta


@dataclass(frozen=True, slots=True)
class MediaRules:
    """Files of WeChat's chat: how long WeChat keeps them, how large they may be, as what documents we do."""

    kept: timedelta
    largest_bytes: int
    document_kind: str


@dataclass(frozen=True, slots=True)
class SearchRules:
    """Within how many of the newest texts a search decrypts, and how many finds it shows."""

    newest: int
    shown: int


@dataclass(frozen=True, slots=True)
class SharedReply:
    """A quick reply that the city gives to everybody; its text may name fields in braces."""

    key: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ConversationRules:
    """Everything of talk.toml. `texts` and `cards` are sentences by name, with {values} in braces."""

    message: MessageRules
    asking: AskingRules
    push: PushRules
    window: WindowRules
    answer: AnswerRules
    chase_due: Fraction
    complaint: ComplaintRules
    safety: SafetyRules
    media: MediaRules
    search: SearchRules
    texts: Mapping[str, str]
    causes: Mapping[str, str]
    """Why a reply did not go into WeChat's chat, by `UndeliveredCause`."""
    cards: Mapping[str, str]
    shared_replies: tuple[SharedReply, ...]
