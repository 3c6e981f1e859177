"""A visit: an appointment of a case with the people who come, and the time of theirs that it takes."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson, EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class VisitState(StrEnum):
    """Where a visit stands; only the first two are live, and only live ones take anybody's time."""

    HELD = "held"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    """A hold that was not confirmed in time."""
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"
    DONE = "done"
    NO_SHOW = "no_show"


_LIVE = text("state IN ('held', 'confirmed') AND NOT offered")
_HELD = text("state = 'held'")
_OFFERED = text("state = 'held' AND offered")


class Visit(Base):
    """A row is never deleted, nor given another time: a moved visit is a new row with the same `chain_id`.

    `offered`: a hold that the wait-list made beside the booking that it would replace. `sequence` counts the
    changes of the chain, for calendar files. `after_due`: it was chosen although it misses `due_at`, the
    stage's due date; both follow a due date that moves. `changed_at`: when what a calendar file shows last
    changed without a new row. `expected_at` is the visitor's own word when running late; where a delay of the
    same crew's visit before reaches it, it is computed, and `warned_at` says when the customer was told.
    `in_doubt_at` when it turned out that it can't take place as booked and the customer was asked.
    `joined_to`: the visit of the same customer at the same place after which the crew goes on at once.
    """

    __tablename__ = "visits"
    __table_args__ = (
        # One live booking for each case and purpose; the offer of an earlier time may stand beside it.
        Index(
            "uq_visits_live",
            "case_id",
            "purpose",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(
            "uq_visits_offered",
            "case_id",
            "purpose",
            unique=True,
            sqlite_where=_OFFERED,
            postgresql_where=_OFFERED,
        ),
        # Holds that ran out are taken over by whoever wants their time.
        Index("ix_visits_held", "hold_until", sqlite_where=_HELD, postgresql_where=_HELD),
        Index(None, "case_id", "starts_at"),
        Index(None, "starts_at"),
    )

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"))
    purpose: Mapped[Key]
    stage_key: Mapped[Key | None]
    state: Mapped[Key]
    offered: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    hold_until: Mapped[Instant | None]
    chain_id: Mapped[Key] = mapped_column(index=True)
    sequence: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[Instant | None]
    after_due: Mapped[bool] = mapped_column(default=False)
    booked_by: Mapped[Key]
    booked_by_id: Mapped[Key | None]
    created_at: Mapped[Instant]
    confirmed_at: Mapped[Instant | None]
    expected_at: Mapped[Instant | None]
    warned_at: Mapped[Instant | None]
    in_doubt_at: Mapped[Instant | None]
    changed_at: Mapped[Instant | None]
    joined_to: Mapped[Key | None] = mapped_column(index=True)
    ended_at: Mapped[Instant | None]
    # Why it was moved or cancelled, or what was seen of a no-show: a person's own words.
    reason: Mapped[str | None] = mapped_column(EncryptedText)
    no_show_of: Mapped[Key | None]
    # What customer and visitor compare at the door.
    code: Mapped[str | None] = mapped_column(EncryptedText)


class VisitAttendee(Base):
    """Somebody who comes. `role` is a department's key, or `manager`; the `lead` is who the customer expects.

    `deputy_for` is the manager in whose place the lead comes. `place` is where the check-in was made.
    """

    __tablename__ = "visit_attendees"
    __table_args__ = (Index(None, "staff_id"),)

    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    role: Mapped[Key]
    lead: Mapped[bool]
    deputy_for: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    arrived_at: Mapped[Instant | None]
    place: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    note: Mapped[str | None] = mapped_column(EncryptedText)


class VisitPiece(Base):
    """15 minutes of one person, taken by a live visit or its travel: the key lets nobody take them twice."""

    __tablename__ = "visit_pieces"
    # Without row numbers SQLite keeps the rows in the order of the key, by which openings read them.
    __table_args__ = (Index(None, "visit_id"), {"sqlite_with_rowid": False})

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    piece: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    visit_id: Mapped[Key] = mapped_column(ForeignKey("visits.id"))


class VisitDayPlace(Base):
    """One of the visits that a person may have on a day, counted from 0; a full day has no place left."""

    __tablename__ = "visit_day_places"
    __table_args__ = (Index(None, "visit_id"),)

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    # The day in the city's time zone, as its ordinal: what it is compared with is computed.
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    visit_id: Mapped[Key] = mapped_column(ForeignKey("visits.id"))


class DueKind(StrEnum):
    """What falls due with a visit."""

    HOLD_END = "hold_end"
    EVENING_BEFORE = "evening_before"
    SHORTLY_BEFORE = "shortly_before"
    LATE = "late"
    UNENDED = "unended"
    """Somebody checked in and nobody has ended it: remind the visitor."""
    END_OF_DAY = "end_of_day"
    """Its day is over: end a visit that somebody checked into."""
    DELAY = "delay"
    """Look whether the delay of a visit before it reaches it."""
    REFIT = "refit"
    """Look whether it can still take place; if not, find another time."""
    ASK = "ask"
    """Look whether it can still take place; if not, ask the customer."""


class VisitDue(Base):
    """An instant at which a visit has to be looked at; taken by the sweep, which decides by the visit's
    state.

    A request only ever adds rows: one that took them away, too, would wait for the sweep and the sweep for
    it.
    """

    __tablename__ = "visit_dues"

    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    kind: Mapped[Key] = mapped_column(primary_key=True)
    due_at: Mapped[Instant] = mapped_column(index=True)
