"""What the parts of a program must be among each other, so that no case gets stuck and no task is forgotten.

Each check notes its faults at the path of the value (`stages[2].follows`) and goes on.
"""

from collections.abc import Callable, Mapping, Sequence

from app.domain.programs.commitments import check_commitments
from app.domain.programs.definition import HeadlineSpan, Program, ReminderKind, Stage, StageKind
from app.domain.programs.return_visits import Concern
from app.domain.programs.tasks import MILESTONES, TRIGGERS, OutputField, OutputKind, TaskSpec
from app.domain.programs.waterplan import nominal_mm

Note = Callable[[str, str], None]
"""Remembers a fault: the path of the value, and what is wrong with it."""


def check_program(program: Program, note: Note) -> None:
    """Note every inconsistency of a program that was read."""
    _check_headline(program, note)
    _check_order(
        [
            (f"stages[{place}].follows", stage.key, stage.follows)
            for place, stage in enumerate(program.stages)
        ],
        "stage",
        note,
    )
    tasks_seen: set[str] = set()
    reasons = {reason.key for reason in program.stop_reasons}
    for place, stage in enumerate(program.stages):
        path = f"stages[{place}]"
        _check_stage(stage, path, note)
        _check_order(
            [(f"{path}.tasks[{at}].after", task.key, task.after) for at, task in enumerate(stage.tasks)],
            "task of this stage",
            note,
        )
        for at, task in enumerate(stage.tasks):
            _check_task(task, stage, f"{path}.tasks[{at}]", reasons, note)
        _check_calibres(stage, path, note)
        own = {task.key for task in stage.tasks}
        for key in sorted(own & tasks_seen):
            note(f"{path}.tasks", f"duplicate key {key!r}: an earlier stage has a task of that key")
        tasks_seen |= own
    _check_milestones(program, note)
    _check_nothing_asked(program, note)
    check_commitments(program, note)


def _check_headline(program: Program, note: Note) -> None:
    headline = program.headline
    if headline is None:
        return
    if headline.documents != len(program.documents):
        note("headline.documents", f"says {headline.documents}, but documents lists {len(program.documents)}")
    if headline.links != len(headline.spans):
        note("headline.links", f"says {headline.links}, but spans lists {len(headline.spans)}")
    for place, span in enumerate(headline.spans):
        _check_span(program, span, f"headline.spans[{place}]", note)


def _check_span(program: Program, span: HeadlineSpan, path: str, note: Note) -> None:
    stage = next((stage for stage in program.stages if stage.key == span.stage), None)
    if stage is None:
        note(f"{path}.stage", f"unknown stage {span.stage!r}")
        return
    tasks = {task.key for task in stage.tasks}
    for end, task in (("from_task", span.from_task), ("to_task", span.to_task)):
        if task is not None and task not in tasks:
            note(f"{path}.{end}", f"stage {span.stage!r} has no task {task!r}")


def _check_order(rows: Sequence[tuple[str, str, tuple[str, ...]]], noun: str, note: Note) -> None:
    """Note references to nothing, and circles, in a list of (path, key, keys it waits for)."""
    waits = {key: before for _, key, before in rows}
    for path, key, before in rows:
        for other in before:
            if other not in waits:
                note(path, f"unknown {noun} {other!r}")
        if _reaches(waits, key):
            note(path, f"{key!r} would wait for itself")


def _reaches(waits: Mapping[str, tuple[str, ...]], key: str) -> bool:
    """Whether `key` waits, directly or through others, for itself."""
    pending = list(waits[key])
    seen: set[str] = set()
    while pending:
        other = pending.pop()
        if other == key:
            return True
        if other not in seen:
            seen.add(other)
            pending += waits.get(other, ())
    return False


def _check_stage(stage: Stage, path: str, note: Note) -> None:
    limited = stage.limit.max is not None
    if stage.same_day and limited:
        note(f"{path}.same_day", "a same-day stage has no limit in working days")
    if stage.kind is StageKind.PROMISED and not limited:
        note(f"{path}.limit", "a promised stage needs a max")
    if (
        stage.internal_aim is not None
        and stage.limit.max is not None
        and stage.internal_aim > stage.limit.max
    ):
        note(f"{path}.internal_aim", "is more than what is promised")
    if stage.in_full_process and stage.kind is not StageKind.PROMISED:
        note(f"{path}.in_full_process", "only promised stages belong to the full process")
    if stage.only_by_consultation and stage.follows:
        note(f"{path}.only_by_consultation", "a stage that a consultation opens follows none")
    for at, rule in enumerate(stage.reminders):
        rule_path = f"{path}.reminders.rules[{at}].kind"
        if rule.kind is ReminderKind.LOWER_BOUND and (
            stage.limit.min is None or stage.limit.min == stage.limit.max
        ):
            note(rule_path, "lower_bound needs a min below the max")


def _check_task(task: TaskSpec, stage: Stage, path: str, reasons: set[str], note: Note) -> None:
    if task.pauses_clock is not None and task.pauses_clock not in reasons:
        note(f"{path}.pauses_clock", f"the program does not allow the stop reason {task.pauses_clock!r}")
    if task.pauses_clock is not None and stage.kind is not StageKind.PROMISED:
        note(f"{path}.pauses_clock", "only the clock of a promised stage can be paused")
    for mark in task.milestones:
        if mark not in MILESTONES:
            note(f"{path}.milestones", f"must be among {', '.join(sorted(MILESTONES))}")
    if task.opened_by is not None and task.opened_by not in TRIGGERS:
        note(f"{path}.opened_by", f"must be among {', '.join(sorted(TRIGGERS))}")
    timed = task.due is not None or stage.same_day or stage.limit.max is not None
    # While the engine holds the clock there is no due date, so such a task needs a reminder of its own.
    if task.remind_after is None and (task.pauses_clock is not None or not timed):
        note(f"{path}.remind_after", "missing: without it nobody would be reminded of this task")
    if timed and not stage.reminders:
        note(f"{path}", f"stage {stage.key!r} has due dates but no reminders")

    _check_turn(task, path, note)
    _check_return_visit(task, stage, path, note)


def _check_return_visit(task: TaskSpec, stage: Stage, path: str, note: Note) -> None:
    fields = {field.key: field for field in task.outputs}
    if (task.unreached or task.concerns) and stage.kind is not StageKind.RETURN_VISIT:
        note(path, "only a return visit hears from the customer: unreached and concerns belong there")
    if task.unreached is not None:
        field = fields.get(task.unreached.field)
        if field is None or field.required or task.unreached.value not in [one.key for one in field.choices]:
            said = f"{task.unreached.field!r} must be a choice that is not required and has this value"
            note(f"{path}.unreached.output", said)
        if task.remind_after is None:
            note(f"{path}.remind_after", "missing: after the first try nothing else would remind of the next")
    for place, concern in enumerate(task.concerns):
        if not _can_be_raised(concern, fields.get(concern.field)):
            here = f"{path}.concerns.rules[{place}].output"
            note(here, f"no output {concern.field!r} has such an answer")


def _can_be_raised(concern: Concern, field: OutputField | None) -> bool:
    if field is None:
        return False
    if concern.choice is not None:
        return concern.choice in [choice.key for choice in field.choices]
    if concern.answer is not None:
        return field.kind is OutputKind.BOOLEAN
    return field.kind in (OutputKind.INTEGER, OutputKind.FEN, OutputKind.RATING)


def _check_turn(task: TaskSpec, path: str, note: Note) -> None:
    if task.program_switch is None:
        if any(field.criterion for field in task.outputs):
            note(f"{path}.outputs", "a criterion needs a task that decides: program_switch is missing")
        return
    fields = {field.key: field for field in task.outputs}
    decides = fields.get(task.program_switch.field)
    if decides is None or task.program_switch.value not in [choice.key for choice in decides.choices]:
        note(
            f"{path}.program_switch.field",
            f"no output {task.program_switch.field!r} offers {task.program_switch.value!r}",
        )
    reason = fields.get(task.program_switch.reason)
    if reason is None or reason.kind is not OutputKind.TEXT or reason.required:
        note(
            f"{path}.program_switch.reason",
            f"{task.program_switch.reason!r} must be a text that is not always required",
        )


def _check_calibres(stage: Stage, path: str, note: Note) -> None:
    known = {f"{task.key}.{field.key}": field for task in stage.tasks for field in task.outputs}
    for at, task in enumerate(stage.tasks):
        for place, field in enumerate(task.outputs):
            here = f"{path}.tasks[{at}].outputs[{place}].not_above"
            if field.not_above and not _is_calibre(field):
                note(here, "only a number, or choices such as DN20, can be compared")
            for other in field.not_above:
                if other not in known or not _is_calibre(known[other]):
                    note(here, f"this stage has no calibre {other!r}")


def _is_calibre(field: OutputField) -> bool:
    if field.kind is OutputKind.CHOICE:
        return all(nominal_mm(choice.key) is not None for choice in field.choices)
    return field.kind is OutputKind.INTEGER


def _check_nothing_asked(program: Program, note: Note) -> None:
    """What a program promises never to ask (零跑腿、零资料、零费用), no task of it may ask.

    The return visit asks nothing: it hears from the customer whether the promise was kept.
    """
    if "document" in program.free_of and program.documents:
        note("documents", "free_of promises that no document is asked")
    for place, stage in enumerate(program.stages):
        if stage.kind is StageKind.RETURN_VISIT:
            continue
        for at, task in enumerate(stage.tasks):
            for field in task.outputs:
                if field.ledger in program.free_of:
                    here = f"stages[{place}].tasks[{at}].outputs"
                    note(here, f"free_of promises no {field.ledger!r} is asked")
            if "payment_fen" in program.free_of and "paid" in task.milestones:
                note(f"stages[{place}].tasks[{at}].milestones", "free_of promises that no yuan is asked")


def _check_milestones(program: Program, note: Note) -> None:
    milestones = [mark for stage in program.stages for task in stage.tasks for mark in task.milestones]
    for mark in sorted(MILESTONES):
        if milestones.count(mark) > 1:
            note("stages", f"more than one task sets {mark!r}")
    opened = {task.opened_by for stage in program.stages for task in stage.tasks}
    if "concern" not in opened and any(task.concerns for stage in program.stages for task in stage.tasks):
        note("stages", "concerns are raised, and no task is opened_by 'concern'")
    if "water_on" not in milestones:
        note("stages", "no task sets 'water_on'")
