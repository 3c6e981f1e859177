"""The values that a message's text may name between braces, by what the message is about."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from notifications.wording.kinds import Subject


class ValueKind(StrEnum):
    """What sort of text a value is, which decides the WeChat fields it may stand in."""

    TEXT = "text"
    PERSON = "person"
    PHONE = "phone"
    TIME = "time"
    CODE = "code"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A value by its kind; an `optional` one may be absent and then reads as the wording for its absence."""

    kind: ValueKind
    optional: bool = False


_OF_EVERY_CASE = {
    "case_number": NamedValue(ValueKind.CODE),
    "project_name": NamedValue(ValueKind.TEXT),
    "program_name": NamedValue(ValueKind.TEXT),
    "manager_name": NamedValue(ValueKind.PERSON),
    "manager_phone": NamedValue(ValueKind.PHONE),
    "event_time": NamedValue(ValueKind.TIME),
}

VALUES = MappingProxyType(
    {
        Subject.CASE: _OF_EVERY_CASE,
        Subject.STAGE: _OF_EVERY_CASE
        | {
            "stage_name": NamedValue(ValueKind.TEXT),
            "next_stage": NamedValue(ValueKind.TEXT, optional=True),
            "next_due": NamedValue(ValueKind.TIME, optional=True),
        },
        Subject.STOP: _OF_EVERY_CASE
        | {
            "reason": NamedValue(ValueKind.TEXT),
            "advice": NamedValue(ValueKind.TEXT),
            "stop_from": NamedValue(ValueKind.TIME),
            "stop_to": NamedValue(ValueKind.TIME, optional=True),
            "due": NamedValue(ValueKind.TIME, optional=True),
        },
        Subject.TASK: _OF_EVERY_CASE
        | {
            "task_name": NamedValue(ValueKind.TEXT),
            "stage_name": NamedValue(ValueKind.TEXT),
            "department_name": NamedValue(ValueKind.TEXT),
            "due": NamedValue(ValueKind.TIME, optional=True),
            "urgency": NamedValue(ValueKind.TEXT),
            "overdue_days": NamedValue(ValueKind.NUMBER),
        },
        Subject.PROMISE: _OF_EVERY_CASE
        | {
            "stage_name": NamedValue(ValueKind.TEXT),
            "headline_name": NamedValue(ValueKind.TEXT),
            "later_stages": NamedValue(ValueKind.TEXT),
        },
        Subject.TURN: _OF_EVERY_CASE
        | {
            "reason": NamedValue(ValueKind.TEXT, optional=True),
            "next_step": NamedValue(ValueKind.TEXT, optional=True),
            "was": NamedValue(ValueKind.TEXT, optional=True),
            "turned_to": NamedValue(ValueKind.TEXT, optional=True),
        },
        Subject.DUE: _OF_EVERY_CASE
        | {
            "stage_name": NamedValue(ValueKind.TEXT),
            "was": NamedValue(ValueKind.TIME),
            "due": NamedValue(ValueKind.TIME, optional=True),
        },
        Subject.VISIT: _OF_EVERY_CASE
        | {
            "purpose": NamedValue(ValueKind.TEXT),
            "visit_time": NamedValue(ValueKind.TIME),
            "visit_was": NamedValue(ValueKind.TIME, optional=True),
            "visit_expected": NamedValue(ValueKind.TIME),
            "visit_place": NamedValue(ValueKind.TEXT),
            "visit_area": NamedValue(ValueKind.TEXT),
            "visitors": NamedValue(ValueKind.TEXT),
            "visit_reason": NamedValue(ValueKind.TEXT, optional=True),
            "hold_until": NamedValue(ValueKind.TIME, optional=True),
            "next_opening": NamedValue(ValueKind.TIME, optional=True),
        },
        # Of a conversation, which may be about no case; `due` is when an answer is owed.
        Subject.TALK: {
            "topic": NamedValue(ValueKind.TEXT),
            "manager_name": NamedValue(ValueKind.PERSON),
            "manager_phone": NamedValue(ValueKind.PHONE),
            "event_time": NamedValue(ValueKind.TIME),
            "due": NamedValue(ValueKind.TIME, optional=True),
        },
        Subject.CHASE: _OF_EVERY_CASE
        | {
            "stage_name": NamedValue(ValueKind.TEXT),
            "used": NamedValue(ValueKind.TEXT),
            "allowed": NamedValue(ValueKind.TEXT),
            "due": NamedValue(ValueKind.TIME, optional=True),
        },
        Subject.RATING: _OF_EVERY_CASE | {"rating": NamedValue(ValueKind.NUMBER)},
        # Of no case: somebody left, and so many cases, tasks and visits have to find somebody else.
        Subject.DEPARTURE: {
            "person_name": NamedValue(ValueKind.PERSON),
            "person_number": NamedValue(ValueKind.CODE),
            "event_time": NamedValue(ValueKind.TIME),
            "cases": NamedValue(ValueKind.NUMBER),
            "tasks": NamedValue(ValueKind.NUMBER),
            "visits": NamedValue(ValueKind.NUMBER),
        },
        # Of no case: what supervisors are told of messages that did not arrive.
        Subject.DELIVERY: {
            "since": NamedValue(ValueKind.TIME),
            "event_time": NamedValue(ValueKind.TIME),
            "undelivered": NamedValue(ValueKind.NUMBER),
            "failed": NamedValue(ValueKind.NUMBER),
            "refused": NamedValue(ValueKind.NUMBER),
            "unknown": NamedValue(ValueKind.NUMBER),
            "to_call": NamedValue(ValueKind.NUMBER),
            "callbacks": NamedValue(ValueKind.NUMBER),
            "unreachable": NamedValue(ValueKind.NUMBER),
        },
        # Of no case: a skill of a member of staff that lapses; `others` have it still.
        Subject.SKILL: {
            "staff_name": NamedValue(ValueKind.PERSON),
            "staff_number": NamedValue(ValueKind.CODE),
            "skill_name": NamedValue(ValueKind.TEXT),
            "valid_until": NamedValue(ValueKind.TIME),
            "others": NamedValue(ValueKind.NUMBER),
        },
        # Of no case: what was deleted because its term is over.
        Subject.TERMS: {
            "event_time": NamedValue(ValueKind.TIME),
            "deleted": NamedValue(ValueKind.NUMBER),
            "kinds": NamedValue(ValueKind.TEXT),
        },
        # Of many cases: the morning's message to one member of staff.
        Subject.DIGEST: {
            "event_time": NamedValue(ValueKind.TIME),
            "notices": NamedValue(ValueKind.NUMBER),
            "cases": NamedValue(ValueKind.NUMBER),
            "important": NamedValue(ValueKind.NUMBER),
            "first": NamedValue(ValueKind.TEXT),
            "most_important": NamedValue(ValueKind.TEXT),
        },
    }
)
"""What is known of each subject. `overdue_days` counts the working days on which it was told, from 1."""

CUSTOMERS_ONLY = frozenset({"visit_place"})
"""A customer's address in full. Staff are told the area: the address they read on record."""

_PAGE_VALUES_BESIDE = {Subject.TASK: "task_id", Subject.VISIT: "visit_id"}
PAGE_VALUES = MappingProxyType(
    {
        **{
            subject: frozenset({"case_id", _PAGE_VALUES_BESIDE.get(subject, "case_id")})
            for subject in Subject
        },
        Subject.DELIVERY: frozenset(),
        Subject.SKILL: frozenset(),
        Subject.TERMS: frozenset(),
        Subject.DEPARTURE: frozenset(),
        Subject.DIGEST: frozenset({"notice_id"}),
    }
)
"""What a page's address may name: ids only, since addresses end up in logs."""

OPTIONAL = frozenset(name for values in VALUES.values() for name, value in values.items() if value.optional)
