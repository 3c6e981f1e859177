"""What a connection program (业务类型) is made of, once it has been read from the city's data.

Every limit is a ``Fraction`` of working days in halves, or ``None`` where the city's plan gives no number;
every amount is in fen. The numbers themselves live in ``cities/<city>/programs/*.toml``, each with its
citation (济水集团字〔2019〕138 号, section or 附件); ``loader`` reads and checks them, nothing here does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from app.domain.programs.tasks import TaskSpec


class StageKind(StrEnum):
    """How a stage relates to the promised time: only ``promised`` stages are part of it."""

    PROMISED = "promised"
    INFORMATION = "information"
    APPROVAL = "approval"
    RETURN_VISIT = "return_visit"
    AFTER_WORK = "after_work"


class ReminderKind(StrEnum):
    """When a stage's reminder comes, measured on the working-time line."""

    LOWER_BOUND = "lower_bound"
    BEFORE_DUE = "before_due"
    AT_DUE = "at_due"
    MORNING_OF_DUE = "morning_of_due"


class Party(StrEnum):
    """Who holds the case while its clock is stopped."""

    CUSTOMER = "customer"
    AUTHORITY = "authority"
    UTILITY = "utility"


@dataclass(frozen=True, slots=True)
class Span:
    """A promised time in working days; either bound is ``None`` where the plan gives none."""

    min: Fraction | None
    max: Fraction | None
    cite: str


@dataclass(frozen=True, slots=True)
class HeadlineSpan:
    """A stretch of one stage that the headline's working days cover.

    ``from_task``: the stretch starts when that task is completed (``None``: with the stage);
    ``to_task``: it ends when that task is completed (``None``: with the stage).
    """

    stage: str
    from_task: str | None
    to_task: str | None


@dataclass(frozen=True, slots=True)
class Headline:
    """The slogan, such as “221”: so many links (环节), working days and documents (二(一)).

    ``warn_before``: so many working days before its own are used up, its people are warned (``None``: never).
    """

    name: str
    links: int
    working_days: Fraction
    documents: int
    spans: tuple[HeadlineSpan, ...]
    cite: str
    warn_before: Fraction | None = None


@dataclass(frozen=True, slots=True)
class ReminderRule:
    """A reminder to whoever holds the stage's tasks; ``days`` (working days) only for ``before_due``."""

    kind: ReminderKind
    days: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A row of the plan's flow chart (环节).

    ``departments`` are keys, lead first. ``follows``: stages that must be done before this one opens; empty
    opens it when the case starts. ``same_day`` (当日) is due at the close of the day, its limit is empty.
    ``only_by_consultation``: exists only in a case that a 设计方案意见征询 opened. ``in_full_process``: its
    time belongs to the full-process figure. ``internal_aim``: working days the utility asks of itself
    (三(二)), shown to staff and never promised to the customer.
    """

    key: str
    name: str
    kind: StageKind
    limit: Span
    same_day: bool
    departments: tuple[str, ...]
    duty: str
    follows: tuple[str, ...]
    only_by_consultation: bool
    in_full_process: bool
    internal_aim: Fraction | None
    reminders: tuple[ReminderRule, ...]
    tasks: tuple[TaskSpec, ...]
    cite: str

    def task(self, key: str) -> TaskSpec:
        """The task of that key; ``KeyError`` when the stage has none."""
        for task in self.tasks:
            if task.key == key:
                return task
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class StopReason:
    """A coded reason (企业不可控时间) for which the clock may stop, and who holds the case meanwhile.

    ``followed_by``: the department that follows this reason step by step, where the plan asks for that
    (三(三)); its steps then set and end the stop. ``asks``: what the customer is asked to do while the time
    is theirs, such as 请您备款并缴纳; a reason's name alone says what is wrong and not what to do.
    """

    key: str
    name: str
    party: Party
    cite: str
    followed_by: str | None = None
    asks: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document that the program asks of the customer; asking for any other is a defect."""

    key: str
    name: str
    cite: str


@dataclass(frozen=True, slots=True)
class Program:
    """One way to a new connection, with everything that the city promised about it.

    ``total`` is published by the plan and never derived from the stages. ``form`` is the key of the
    application form. ``source`` names the document that the citations refer to. ``free_of`` are the columns
    of the ledger (of ``ASKED``) in which the program promises that nothing is ever asked of the customer.
    """

    key: str
    name: str
    version: str
    headline: Headline | None
    total: Span
    stages: tuple[Stage, ...]
    stop_reasons: tuple[StopReason, ...]
    documents: tuple[Document, ...]
    form: str
    source: str
    free_of: frozenset[str] = frozenset()

    @property
    def full_process(self) -> frozenset[str]:
        """The keys of the stages whose time is the full-process figure's."""
        return frozenset(stage.key for stage in self.stages if stage.in_full_process)

    def stage(self, key: str) -> Stage:
        """The stage of that key; ``KeyError`` when the program has none."""
        for stage in self.stages:
            if stage.key == key:
                return stage
        raise KeyError(key)

    def stop_reason(self, key: str) -> StopReason:
        """The stop reason of that key; ``KeyError`` when the program does not allow it."""
        for reason in self.stop_reasons:
            if reason.key == key:
                return reason
        raise KeyError(key)

    def first_stage(self, by_consultation: bool) -> Stage:
        """The stage a case starts in.

        A case that a 设计方案意见征询 opened starts with the information transfer where the program has
        one; a case that a customer opened never has that stage (附件 1 and 3, first row).
        """
        for stage in self.stages:
            if by_consultation or not stage.only_by_consultation:
                return stage
        raise KeyError("stages")
