"""Holding the outputs of a case against the rules of its program; what was let pass is left alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.programs import acceptance
from app.domain.programs.acceptance import Facts
from app.domain.programs.definition import Stage
from app.domain.programs.gates import CASE_OPENED, NOW, STAGE_OPENED, STAGES, Passing
from app.domain.programs.tasks import OutputField
from app.models import Application, GateException, Task
from app.services.cases.flow.case_flow import CaseFlow

_CODES = {Passing.NEVER: "invalid", Passing.REASON: "needs_reason", Passing.SUPERVISOR: "needs_supervisor"}
_ADVICE = {
    Passing.NEVER: "",
    Passing.REASON: "情况属实的，请先说明理由。",
    Passing.SUPERVISOR: "如需更正请联系填写部门；确需继续的，请督办说明理由放行。",
}


@dataclass(frozen=True, slots=True)
class Unacceptable:
    """A value that breaks a rule: its task and output, and the fault as people read it."""

    task: str
    field: OutputField
    value: Any
    message: str

    def fault(self, *, own: bool) -> dict[str, str]:
        """As in `FieldsError`; a value of another task is named with its task."""
        key = self.field.key if own else f"{self.task}.{self.field.key}"
        return {"field": key, "code": _CODES[self.field.gate.passing], "message": self.message}


class Judge:
    """The rules of one stage of a case, as it stands now."""

    def __init__(self, flow: CaseFlow, stage: Stage, task: Task) -> None:
        """`task`: the task that is completed or corrected."""
        self._flow, self._stage, self._task = flow, stage, task
        self._now = clock.now()
        self._delivered: dict[str, Mapping[str, Any]] = dict(flow.delivered(stage.key))
        ids = {done.id: done.key for done in flow.completed_tasks(stage.key)} | {task.id: task.key}
        self._passed = {
            (ids[row.task_id], row.field): row.value["value"]
            for row in db.session.scalars(
                select(GateException).where(GateException.case_id == flow.case.id).order_by(GateException.id)
            )
            if row.task_id in ids
        }
        self._answers: Mapping[str, Any] | None = None

    def may_pass(self, field: OutputField, value: Any) -> bool:
        """Whether this value of the task was let pass."""
        return self._is_passed(self._task.key, field, value)

    def own(self, field: OutputField, value: Any, given: Mapping[str, Any]) -> dict[str, str] | None:
        """The fault of a value with which the task can't be completed; None when it is acceptable."""
        if field.gate.holds is not None and value is not None:
            return None
        found = self._judge(self._task.key, field, value, given)
        return None if found is None else found.fault(own=True)

    def breaks_a_rule(self, field: OutputField, value: Any, given: Mapping[str, Any]) -> bool:
        """Whether this value of the task is not acceptable, for itself or for a later task."""
        return self._judge(self._task.key, field, value, given) is not None

    def held(self) -> list[dict[str, str]]:
        """The values of other tasks that hold this one."""
        return [
            found.fault(own=False)
            for found in self._all(self._delivered)
            if found.field.gate.holds == self._task.key
        ]

    def would_hold(self, outputs: Mapping[str, Any]) -> bool:
        """Whether the task delivers a value that holds a later one."""
        return any(
            found.task == self._task.key and found.field.gate.holds is not None
            for found in self._all({self._task.key: outputs})
        )

    def refused_by(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
        """The faults that replacing the outputs of this completed task brings, also to later dates."""
        known = {
            (each.task, each.field.key): each.value
            for each in self._all({**self._delivered, self._task.key: before})
        }
        return [
            each.fault(own=each.task == self._task.key)
            for each in self._all({**self._delivered, self._task.key: after})
            if (each.field.gate.holds is None or each.field.gate.holds in self._delivered)
            and ((each.task, each.field.key), each.value) not in known.items()
        ]

    def _all(self, delivered: Mapping[str, Mapping[str, Any]]) -> Iterator[Unacceptable]:
        kept, self._delivered = self._delivered, {**self._delivered, **delivered}
        try:
            for key, outputs in delivered.items():
                for field in self._stage.task(key).outputs:
                    if (found := self._judge(key, field, outputs.get(field.key), outputs)) is not None:
                        yield found
        finally:
            self._delivered = kept

    def _judge(
        self, task: str, field: OutputField, value: Any, given: Mapping[str, Any]
    ) -> Unacceptable | None:
        said = acceptance.refusal(field, value, Facts(self._moment, self._promised, given))
        if said is None or self._is_passed(task, field, value):
            return None
        return Unacceptable(task, field, value, f"“{field.name}”{said}{_ADVICE[field.gate.passing]}")

    def _is_passed(self, task: str, field: OutputField, value: Any) -> bool:
        return (task, field.key) in self._passed and self._passed[task, field.key] == value

    def _moment(self, key: str) -> tuple[str, datetime] | None:
        if key == NOW:
            return "当前时间", self._now
        if key == CASE_OPENED:
            return "受理时间", self._flow.case.opened_at
        if key == STAGE_OPENED or key.startswith(STAGES):
            spec = self._flow.program.stage(key.removeprefix(STAGES)) if key != STAGE_OPENED else self._stage
            opened = self._flow.first_opened(spec.key)
            return None if opened is None else (f"“{spec.name}”开始时间", opened)
        task, _, output = key.partition(".")
        said = self._delivered.get(task, {}).get(output)
        if said is None:
            return None
        name = next(field.name for field in self._stage.task(task).outputs if field.key == output)
        return f"“{name}”", datetime.fromisoformat(said)

    def _promised(self, fields: tuple[str, ...]) -> int | None:
        if self._answers is None:
            self._answers = db.session.get_one(Application, self._flow.case.application_id).answers
        numbers = [self._answers.get(field) for field in fields]
        # A form that leaves one of several counts out means none of that kind.
        known = [number for number in numbers if isinstance(number, int)]
        return sum(known) if known else None
