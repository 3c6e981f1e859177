"""A task inside a stage: who holds it, what it delivers and needs, and what follows from it.

Limits are ``Fraction`` of working days; the tasks themselves stand in ``cities/<city>/programs/*.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from app.domain.choices import Choice
from app.domain.programs.gates import NO_RULES, Gate
from app.domain.programs.return_visits import Concern, Unreached


class Holder(StrEnum):
    """Who holds a task when it opens: the manager (客户管家), a department's queue, or a supervisor.

    A specialist (专员) is somebody of the department who is not the case's manager.
    """

    MANAGER = "manager"
    SPECIALIST = "specialist"
    QUEUE = "queue"
    SUPERVISOR = "supervisor"


class OutputKind(StrEnum):
    """The type of a value that a task must deliver."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    DATETIME = "datetime"
    FEN = "fen"
    RATING = "rating"
    METERS = "meters"


class Pricing(StrEnum):
    """How a task comes to the sum it tells the customer: options of the one-price list, or one estimate."""

    PRICE_LIST = "price_list"
    ESTIMATE = "estimate"


MILESTONES = frozenset({"acceptance_passed", "water_on", "paid"})
"""The milestones that a completed task may set; the services react to them by name."""

TRIGGERS = frozenset({"concern", "customer_unreached", "plan_held"})
"""What may open a task that is not part of the stage's ordinary course."""

NEEDED_OUTPUTS: Mapping[str, Mapping[str, OutputKind]] = {
    "paid": {"paid_fen": OutputKind.FEN, "receipt_number": OutputKind.TEXT},
    "water_on": {
        "meter_serial": OutputKind.TEXT,
        "meter_calibre": OutputKind.CHOICE,
        "meter_position": OutputKind.TEXT,
        "first_reading": OutputKind.DECIMAL,
    },
}
"""What the product itself reads from the task that sets a milestone, whatever the city."""

PLANNED_CALIBRE = "chosen_calibre"
"""The output that holds the calibre of the water plan; the one-price list is read by it."""

AGREEMENTS: Mapping[str, OutputKind] = {
    "quoted_amount": OutputKind.FEN,
    "quoted_option": OutputKind.TEXT,
    "paper_number": OutputKind.TEXT,
}
"""What a delivered value must equal: the sum or name of the quote's chosen option, or the paper's number."""

LEDGERS = frozenset({"payment_fen", "trip", "document", "utility_cost_fen"})
"""The columns of the zero-paper ledger (零跑腿、零资料、零费用) that an output may add to."""

ASKED = LEDGERS - {"utility_cost_fen"}
"""Those that ask something of the customer; the other is what the utility bears itself (二(二)3)."""


@dataclass(frozen=True, slots=True)
class OutputField:
    """A value without which (if ``required``) its task can't be completed.

    ``min`` and ``max`` bound the number; ``max_length`` counts characters of a text; ``ledger`` names what
    completing with this value adds to the zero-paper ledger (one of ``LEDGERS``). ``must_be_true``: a "no" is
    an honest answer with which the task can't be completed. ``agrees_with``: what it must equal (of
    ``AGREEMENTS``). ``at_most``: the output of an earlier task whose calibre this one must not exceed.
    ``in_paper``: it stands in the paper that the task requires, and is delivered as it stands there.
    ``not_above``: the values of the same stage, as ``task.key``, that this calibre can't exceed (三(二): what
    can be built on site). ``criterion``: a condition that has to be met before the task may decide in favour
    (``TaskSpec.program_switch``). ``gate``: what it must be for the case to go on.
    """

    key: str
    name: str
    kind: OutputKind
    required: bool = True
    choices: tuple[Choice, ...] = ()
    min: Fraction | None = None
    max: Fraction | None = None
    max_length: int | None = None
    ledger: str | None = None
    must_be_true: bool = False
    agrees_with: str | None = None
    at_most: str | None = None
    in_paper: bool = False
    help: str = ""
    not_above: tuple[str, ...] = ()
    criterion: bool = False
    gate: Gate = NO_RULES


@dataclass(frozen=True, slots=True)
class NeededDocument:
    """Photos, drawings or papers of one kind (of documents.toml), brought while the task's stage runs."""

    kind: str
    at_least: int


@dataclass(frozen=True, slots=True)
class ProgramSwitch:
    """A decision that lets the case go on in another program, such as a refused “三零” eligibility (二(二)).

    ``field`` is the output that decides, ``value`` its choice against; ``reason`` is the text that must then
    say why; ``program`` is the key of the one to go on in; ``answers`` are what its form asks beyond the
    present one's, and what is true of every case that switches.
    """

    field: str
    value: str
    reason: str
    program: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TaskVisit:
    """The visit that a task needs: its purpose (a key of the city's visits.toml) and who has to be there.

    ``manager``: the case's manager (客户管家). ``departments``: one person of each, all at the same time.
    ``not_manager``: the case's manager is not among them. ``arrived_at``: the output of the task that the
    check-in at the door answers by itself.
    """

    purpose: str
    manager: bool
    departments: tuple[str, ...]
    arrived_at: str | None = None
    not_manager: bool = False


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One department's piece of work inside a stage.

    ``after``: tasks of the same stage that must be completed before this one opens. ``pauses_clock``: the
    reason for which the engine stops the clock while this task is open. ``due``: working days from its
    opening (``None``: the stage's due date). ``remind_after``: working days after its opening at which its
    holder is reminded, for work to which neither plan nor program sets a limit. ``milestones``: those (of
    ``MILESTONES``) that completing it sets. ``opened_by``: the trigger (of ``TRIGGERS``) that opens it;
    nothing waits for such a task: its stage completes without it. ``program_switch``: the
    decision of it after which the case goes on in another program. ``issues_quote``: the task tells the
    customer a sum, and how it comes about. ``requires_choice``: it is not complete before the customer has
    chosen on the phone. ``requires_paper``: nor before the customer has confirmed this paper (a key of the
    city's papers) on the phone. ``documents``: nor before the utility's own people have brought these.
    ``visit``: the visit that it needs (``None``: none). ``unreached``: when it may end without the
    customer's answers. ``concerns``: the answers after which the tasks of the trigger ``concern`` open.
    ``before_visit``: the purpose of the visit of its stage before which it is due.
    ``requires_plan_agreement``: it is not complete before the customer agreed to the water plan, or their
    refusal is recorded.
    """

    key: str
    name: str
    department: str
    holder: Holder
    after: tuple[str, ...] = ()
    pauses_clock: str | None = None
    due: Fraction | None = None
    remind_after: Fraction | None = None
    outputs: tuple[OutputField, ...] = ()
    milestones: tuple[str, ...] = ()
    opened_by: str | None = None
    program_switch: ProgramSwitch | None = None
    issues_quote: Pricing | None = None
    requires_choice: bool = False
    requires_paper: str | None = None
    documents: tuple[NeededDocument, ...] = ()
    visit: TaskVisit | None = None
    before_visit: str | None = None
    requires_plan_agreement: bool = False
    unreached: Unreached | None = None
    concerns: tuple[Concern, ...] = ()
    duty: str = ""
    cite: str = ""
