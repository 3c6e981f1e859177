"""The sentences that talk.toml words, and the values that each may name in braces."""

from enum import StrEnum
from types import MappingProxyType

_OF_A_CASE = frozenset({"project_name", "case_number", "manager_name", "manager_phone"})

TEXTS = MappingProxyType(
    {
        "out_of_hours": frozenset({"manager_name", "returns_at", "hotline"}),
        "stand_in": frozenset({"manager_name", "stand_in_name"}),
        "which_case": frozenset({"choices"}),
        "case_chosen": frozenset({"project_name", "manager_name"}),
        "enquiry_taken": frozenset({"manager_name"}),
        "enquiry_topic": frozenset(),
        "enquiry_moved": frozenset({"project_name"}),
        "invited": frozenset({"department_name"}),
        "picture_coming": frozenset(),
        "picture_lost": frozenset(),
        "picture_refused": frozenset(),
        "picture_again": frozenset(),
        "picture_name": frozenset(),
        "voice_coming": frozenset(),
        "voice_heard": frozenset({"words"}),
        "voice_lost": frozenset(),
        "voice_refused": frozenset(),
        "voice_again": frozenset(),
        "voice_name": frozenset(),
        "not_readable": frozenset(),
        "withheld": frozenset(),
        "recalled": frozenset(),
        "chased": frozenset({"stage_name", "due"}),
        "complaint_word": frozenset(),
        "complaint_how": frozenset(),
        "settled_word": frozenset(),
        "complaint_taken": frozenset({"due", "responsible_name"}),
        "complaint_answered": frozenset({"answer"}),
        "complaint_closed": frozenset(),
        "unreachable": frozenset({"cause"}),
        "sent_as_notice": frozenset({"cause"}),
        "unknown_outcome": frozenset(),
    }
)
"""What the product itself says in a conversation."""


class UndeliveredCause(StrEnum):
    """Why a reply did not go into WeChat's chat, as its sender is told."""

    CLOSED = "closed"
    """WeChat's window is over."""
    USED_UP = "used_up"
    """The messages of the window are used up."""
    NO_ROOM = "no_room"
    """It is long, and the window has fewer messages left than it needs."""
    TOO_LONG = "too_long"
    CONTENT = "content"
    """WeChat does not take these words."""
    RECIPIENT = "recipient"
    """WeChat lets nothing through to this person."""
    QUOTA = "quota"
    CONFIGURATION = "configuration"
    BUSY = "busy"
    """WeChat could not do it, however often it was asked."""
    FORGOTTEN = "forgotten"
    """The person took back their authorisation."""
    WITHDRAWN = "withdrawn"
    """It was recalled or withheld before it was handed over."""
    OTHER = "other"


CAUSES = MappingProxyType({cause.value: frozenset[str]() for cause in UndeliveredCause})
"""The causes, each a part of a sentence: “…，已改为提醒客户到小程序查看”."""

CARDS = MappingProxyType(
    {
        "quote_issued": frozenset(),
        "clock_stopped": frozenset({"reason"}),
        "clock_resumed": frozenset({"reason"}),
        "stage_completed": frozenset({"stage_name"}),
        "water_on": frozenset(),
        "case_rated": frozenset({"rating"}),
        "handed_over": frozenset({"was", "now"}),
        "visit_booked": frozenset({"purpose", "visit_time"}),
        "visit_moved": frozenset({"purpose", "visit_time"}),
        "visit_cancelled": frozenset({"purpose", "visit_time"}),
        "visit_not_needed": frozenset({"purpose", "visit_time"}),
    }
)
"""System cards: what happened in the case, told in its conversation."""

REPLY_FIELDS = _OF_A_CASE | {"stage_name", "stage_due", "hotline"}
"""What a quick reply may leave to be filled in."""
