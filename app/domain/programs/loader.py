"""From the city's programs/*.toml to `Program`: strict, every fault of every file at once.

What a single value must look like is checked while it is read; what values must be among each other is the
business of `consistency`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from app.domain.choices import ChoiceLists
from app.domain.city import load_city
from app.domain.config_error import ConfigError
from app.domain.departments import load_departments
from app.domain.document_kinds import Uploader, load_document_rules
from app.domain.forms import Form, load_forms
from app.domain.papers import load_papers
from app.domain.programs.consistency import check_program
from app.domain.programs.definition import (
    Document,
    Headline,
    HeadlineSpan,
    Party,
    Program,
    ReminderKind,
    ReminderRule,
    Span,
    Stage,
    StageKind,
    StopReason,
)
from app.domain.programs.outputs import read_output
from app.domain.programs.read_gates import check_gates
from app.domain.programs.return_visits import read_concerns, read_unreached
from app.domain.programs.task_visits import read_visit
from app.domain.programs.tasks import ASKED, Holder, NeededDocument, Pricing, ProgramSwitch, TaskSpec
from app.domain.toml_reader import DataFaults, Source, Table, check_unique, each_fault
from app.domain.visit_rules import load_visit_rules


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What a program file may refer to outside itself."""

    departments: frozenset[str]
    forms: frozenset[str]
    read_forms: Mapping[str, Form]
    lists: ChoiceLists
    papers: frozenset[str]
    brought_by_staff: frozenset[str]
    purposes: frozenset[str]


def load_programs(folder: Path) -> dict[str, Program]:
    """The programs of the city in `folder` (its programs/*.toml) by key, in the order that the files give.

    :raises ConfigError: with every fault of every file, each naming file, key and fault.
    """
    around = _Surroundings(
        departments=frozenset(department.key for department in load_departments(folder)),
        forms=frozenset(file.stem for file in (folder / "forms").glob("*.toml")),
        read_forms=_forms(folder),
        lists=load_city(folder).choices,
        papers=frozenset(load_papers(folder)),
        brought_by_staff=frozenset(
            kind.key for kind in load_document_rules(folder).kinds if Uploader.STAFF in kind.uploaders
        ),
        purposes=frozenset(load_visit_rules(folder).purposes),
    )
    found: list[tuple[int, Program]] = []
    faults: list[ConfigError] = []
    for file in sorted((folder / "programs").glob("*.toml")):
        try:
            order, program = _load_program(file, around)
        except ConfigError as error:
            faults += each_fault(error)
            continue
        if order in dict(found):
            faults.append(ConfigError(file, "order", f"{order} is also that of another program"))
        found.append((order, program))
    if not found and not faults:
        faults.append(ConfigError(folder / "programs", "", "holds no program"))
    faults += _unknown_turns(folder, [program for _, program in found])
    if faults:
        raise DataFaults(tuple(faults))
    found.sort(key=lambda pair: pair[0])
    return {program.key: program for _, program in found}


def _forms(folder: Path) -> Mapping[str, Form]:
    """The forms by key; none when one is faulty, since their own loader says what is wrong."""
    try:
        return load_forms(folder)
    except ConfigError:
        return {}


def _load_program(file: Path, around: _Surroundings) -> tuple[int, Program]:
    source = Source(file)
    root = source.root
    order = root.whole("order") or 0
    key = root.text("key")
    if key and key != file.stem:
        root.fault("key", f"must be {file.stem!r}, as the file is called")
    form = root.text("form")
    if form and form not in around.forms:
        root.fault("form", f"there is no forms/{form}.toml")
    stages = root.tables("stages")
    program = Program(
        key=key,
        name=root.text("name"),
        version=root.text("version"),
        headline=_read_headline(root),
        total=_read_span(root, "total"),
        stages=tuple(_read_stage(row, around) for row in stages),
        stop_reasons=_read_stop_reasons(root, around),
        documents=_read_documents(root),
        form=form,
        source=root.text("source"),
        free_of=_read_free_of(root),
    )
    check_unique(stages, [stage.key for stage in program.stages])
    check_program(program, source.note)
    check_gates(program, around.read_forms.get(form), source.note)
    source.finish()
    return order, program


def _unknown_turns(folder: Path, programs: Sequence[Program]) -> list[ConfigError]:
    """Switches to a program that the city has no file of."""
    known = {file.stem for file in (folder / "programs").glob("*.toml")}
    return [
        ConfigError(
            folder / "programs" / f"{program.key}.toml",
            f"{stage.key}.{task.key}.program_switch.program",
            f"there is no program {task.program_switch.program!r}",
        )
        for program in programs
        for stage in program.stages
        for task in stage.tasks
        if task.program_switch is not None and task.program_switch.program not in known
    ]


def _read_free_of(root: Table) -> frozenset[str]:
    table = root.table("free_of", optional=True)
    if table is None:
        return frozenset()
    table.cite()
    columns = frozenset(table.texts("ledger"))
    for column in sorted(columns - ASKED):
        table.fault("ledger", f"{column!r} must be one of {', '.join(sorted(ASKED))}")
    return columns & ASKED


def _read_headline(root: Table) -> Headline | None:
    table = root.table("headline", optional=True)
    if table is None:
        return None
    return Headline(
        name=table.text("name"),
        links=table.whole("links") or 0,
        working_days=table.halves("working_days", optional=False) or Fraction(0),
        documents=table.whole("documents") or 0,
        spans=tuple(
            HeadlineSpan(
                stage=row.text("stage"),
                from_task=row.text("from_task", optional=True) or None,
                to_task=row.text("to_task", optional=True) or None,
            )
            for row in table.tables("spans")
        ),
        cite=table.cite(),
        warn_before=_read_days(table, "warn_before"),
    )


def _read_span(owner: Table, key: str) -> Span:
    table = owner.table(key)
    if table is None:
        return Span(None, None, "")
    span = Span(min=table.halves("min"), max=table.halves("max"), cite=table.cite())
    if span.min is not None and (span.max is None or span.min > span.max):
        table.fault("min", "is greater than max" if span.max is not None else "needs a max beside it")
    return span


def _read_stop_reasons(root: Table, around: _Surroundings) -> tuple[StopReason, ...]:
    rows = root.tables("stop_reasons")
    reasons = tuple(
        StopReason(
            row.text("key"),
            row.text("name"),
            row.choice("party", Party),
            row.cite(),
            row.text("followed_by", optional=True) or None,
            row.text("asks", optional=True) or None,
        )
        for row in rows
    )
    check_unique(rows, [reason.key for reason in reasons])
    for row, reason in zip(rows, reasons, strict=True):
        if reason.followed_by is not None and reason.followed_by not in around.departments:
            row.fault("followed_by", f"unknown department {reason.followed_by!r}")
        if reason.party is Party.CUSTOMER and reason.asks is None:
            row.fault("asks", "missing: what the customer is asked to do, such as 请您备款并缴纳")
    return reasons


def _read_documents(root: Table) -> tuple[Document, ...]:
    rows = root.tables("documents")
    documents = tuple(Document(row.text("key"), row.text("name"), row.cite()) for row in rows)
    check_unique(rows, [document.key for document in documents])
    return documents


def _read_stage(row: Table, around: _Surroundings) -> Stage:
    tasks = row.tables("tasks")
    stage = Stage(
        key=row.text("key"),
        name=row.text("name"),
        kind=row.choice("kind", StageKind),
        limit=_read_span(row, "limit"),
        same_day=row.flag("same_day"),
        departments=row.texts("departments"),
        duty=row.text("duty"),
        follows=row.texts("follows", optional=True),
        only_by_consultation=row.flag("only_by_consultation"),
        in_full_process=row.flag("in_full_process"),
        internal_aim=_read_days(row, "internal_aim"),
        reminders=_read_reminders(row),
        tasks=tuple(_read_task(task, around) for task in tasks),
        cite=row.cite(),
    )
    for department in stage.departments:
        if department not in around.departments:
            row.fault("departments", f"unknown department {department!r}")
    for empty in ("departments", "tasks"):
        if row.has(empty) and not getattr(stage, empty):
            row.fault(empty, "must not be empty")
    check_unique(tasks, [task.key for task in stage.tasks])
    return stage


def _read_days(owner: Table, key: str) -> Fraction | None:
    """A single number of working days with its citation: `{days = 10, cite = "…"}`."""
    table = owner.table(key, optional=True)
    if table is None:
        return None
    table.cite()
    days = table.halves("days", optional=False)
    if days == 0:
        table.fault("days", "must be more than 0")
    return days


def _read_reminders(row: Table) -> tuple[ReminderRule, ...]:
    table = row.table("reminders", optional=True)
    if table is None:
        return ()
    table.cite()
    rules = []
    for rule in table.tables("rules"):
        kind = rule.choice("kind", ReminderKind)
        before = kind is ReminderKind.BEFORE_DUE
        days = rule.halves("days", optional=not before)
        if days is not None and not before:
            rule.fault("days", "only a before_due reminder has days")
        rules.append(ReminderRule(kind, days))
    return tuple(rules)


def _read_program_switch(row: Table) -> ProgramSwitch | None:
    table = row.table("program_switch", optional=True)
    if table is None:
        return None
    table.cite()
    answers = table.table("answers", optional=True)
    return ProgramSwitch(
        field=table.text("field"),
        value=table.text("value"),
        reason=table.text("reason"),
        program=table.text("program"),
        answers={name: answers.text(name) for name in answers.names()} if answers else {},
    )


def _read_needed(row: Table, around: _Surroundings) -> tuple[NeededDocument, ...]:
    needed = []
    rows = row.tables("documents", optional=True)
    for document in rows:
        one = NeededDocument(document.text("kind"), document.whole("at_least") or 0)
        if one.kind and one.kind not in around.brought_by_staff:
            document.fault("kind", f"documents.toml has no {one.kind!r} that staff may bring")
        if one.at_least == 0:
            document.fault("at_least", "must be more than 0")
        needed.append(one)
    check_unique(rows, [one.kind for one in needed], "kind")
    return tuple(needed)


def _read_task(row: Table, around: _Surroundings) -> TaskSpec:
    outputs = row.tables("outputs", optional=True)
    delivered = tuple(read_output(output, around.lists) for output in outputs)
    task = TaskSpec(
        key=row.text("key"),
        name=row.text("name"),
        department=row.text("department"),
        holder=row.choice("holder", Holder),
        after=row.texts("after", optional=True),
        pauses_clock=row.text("pauses_clock", optional=True) or None,
        due=_read_days(row, "due"),
        remind_after=_read_days(row, "remind_after"),
        outputs=delivered,
        milestones=row.texts("milestones", optional=True),
        opened_by=row.text("opened_by", optional=True) or None,
        program_switch=_read_program_switch(row),
        issues_quote=row.choice("issues_quote", Pricing) if row.has("issues_quote") else None,
        requires_choice=row.flag("requires_choice"),
        requires_paper=row.text("requires_paper", optional=True) or None,
        documents=_read_needed(row, around),
        visit=read_visit(row, delivered, around.purposes, around.departments),
        before_visit=row.text("before_visit", optional=True) or None,
        requires_plan_agreement=row.flag("requires_plan_agreement"),
        unreached=read_unreached(row),
        concerns=read_concerns(row),
        duty=row.text("duty"),
        cite=row.cite(),
    )
    if task.department and task.department not in around.departments:
        row.fault("department", f"unknown department {task.department!r}")
    if task.requires_paper is not None and task.requires_paper not in around.papers:
        row.fault("requires_paper", f"papers/papers.toml has no paper {task.requires_paper!r}")
    check_unique(outputs, [output.key for output in task.outputs])
    return task
