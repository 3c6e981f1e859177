"""What is gathered for the next morning's message: read, sifted, and assigned to who reads it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import literal_column, select, update

from app.core.bulk_write import update_rows
from app.core.db import db
from app.core.list_parameter import one_of
from app.services.event_views import cases
from app.services.people import recipients
from app.services.people.recipients import StaffRecipient
from notifications.dispatch import skip_rules
from notifications.models import NOT_TOLD_YET, DeliveryState, Notice, OutboxMessage
from notifications.outbox.delivery_rules import FIRST
from notifications.wording.kinds import Channel

READ = "read"
"""Why a gathered notice is not told: its reader has read it in the app meanwhile."""

NAMED = 3
"""How many of the most important notices the message itself names."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """One gathered notice: in the words of the app, and where the case is known."""

    message_id: str
    case_id: str
    project_name: str | None
    title: str
    importance: int

    @property
    def line(self) -> str:
        """What it is about, in a few words."""
        return self.title if self.project_name is None else f"{self.project_name}：{self.title}"


@dataclass(frozen=True, slots=True)
class MorningCame:
    """`reader` is told what was gathered by one message, the notice `notice_id`; the most important first."""

    day: date
    notice_id: str
    reader: StaffRecipient
    gathered: Sequence[Gathered] = field(repr=False)

    @property
    def cases(self) -> int:
        """How many cases these are about; an enquiry counts as one."""
        return len({each.case_id for each in self.gathered} - {""})

    @property
    def important(self) -> int:
        """How many of them are of the first importance."""
        return sum(each.importance == FIRST for each in self.gathered)

    @property
    def most_important(self) -> Sequence[str]:
        """The first of them, each in a few words, no two the same."""
        return list(dict.fromkeys(each.line for each in self.gathered))[:NAMED]


def take_out_the_pointless(now: datetime) -> None:
    """Drop what is no longer true, or was read in the app; in the caller's transaction."""
    rows = _waiting()
    lost = skip_rules.pointless(rows, now)
    why = {row.id: READ for row in rows if row.read_at is not None}
    why |= {message_id: kind.value for message_id, kind in lost.items()}
    update_rows(
        db.session.connection(),
        OutboxMessage,
        [
            {"id": id_, "state": DeliveryState.EXPIRED, "failure_class": reason, "settled_at": now}
            for id_, reason in sorted(why.items())
        ],
    )


def by_reader() -> Mapping[StaffRecipient, Sequence[Gathered]]:
    """What is gathered for each person who reads it this morning, the most important first.

    Nobody who is on leave or has left is told. What they only have to know waits until they are back; what is
    to be done goes to who acts for them now.
    """
    rows = _waiting()
    names = cases.names({row.case_id for row in rows})
    present = recipients.present({row.recipient_id for row in rows})
    readers = {staff_id: recipients.member(staff_id) for staff_id in present}
    working = {row.recipient_id for row in rows if row.channel != Channel.DIGEST}
    stand_ins = {staff_id: _stand_in(staff_id) for staff_id in working - present}
    found: dict[StaffRecipient, list[Gathered]] = defaultdict(list)
    for row in rows:
        reader = readers.get(row.recipient_id)
        if reader is None and row.channel != Channel.DIGEST:
            reader = stand_ins[row.recipient_id]
        if reader is not None:
            project = names.get(row.case_id)
            found[reader].append(
                Gathered(
                    row.id,
                    row.case_id,
                    None if project is None else project.project_name,
                    row.title,
                    row.importance,
                )
            )
    return found


def told(event: MorningCame, now: datetime) -> None:
    """Note that these were told by this morning's message, in the caller's transaction."""
    db.session.connection().execute(
        update(OutboxMessage)
        .where(one_of(OutboxMessage.id, "ids"))
        .values(digest_id=event.notice_id, settled_at=now),
        {"ids": [each.message_id for each in event.gathered]},
    )


def _stand_in(staff_id: str) -> StaffRecipient | None:
    """Who acts for somebody absent now, if anybody does."""
    acting = recipients.acting_member(staff_id)
    return acting if acting.here and acting.staff_id != staff_id else None


def _waiting() -> Sequence[Any]:
    return (
        db.session.connection()
        .execute(
            select(
                OutboxMessage.id,
                OutboxMessage.kind,
                OutboxMessage.case_id,
                OutboxMessage.task_id,
                OutboxMessage.subject_id,
                OutboxMessage.expires_at,
                OutboxMessage.recipient_id,
                OutboxMessage.channel,
                OutboxMessage.importance,
                Notice.title,
                Notice.read_at,
            )
            .join(Notice, Notice.id == OutboxMessage.notice_id)
            # In the words of the index.
            .where(literal_column(NOT_TOLD_YET))
            .order_by(OutboxMessage.importance, Notice.seq)
        )
        .all()
    )
