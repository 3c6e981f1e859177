"""The sentences that talk.toml words, and the values that each may name in braces."""

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
        "unreachable": frozenset(),
        "sent_as_notice": frozenset(),
        "unknown_outcome": frozenset(),
    }
)
"""What the product itself says in a conversation."""

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
