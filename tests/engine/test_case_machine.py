"""Random cases of every program through random legal and illegal moves, and what must hold after each.

The machine acts on the services, each move in a transaction of its own as a request would be. At the end of
every walk the case is led to its end by doing, and nothing but doing, what is waited for: no case is stuck.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, cast

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FixedClock
from app.core.db import db
from app.domain.errors import Refusal
from app.domain.programs import engine, figures
from app.domain.programs.definition import StageKind
from app.domain.worktime import rounded
from app.models import (
    Case,
    CaseState,
    Customer,
    PermitStep,
    RoadPermitStep,
    Ruling,
    Staff,
    Stage,
    Stop,
    StopReview,
    Task,
    TaskState,
    Timer,
    TimerKind,
)
from app.services.applications import drafts
from app.services.cases.clock import road_permit, stop_reviews, stops
from app.services.cases.clock.clock_receipt import receipt_of_case
from app.services.cases.decisions import rating, refuse, withdraw
from app.services.cases.decisions.hand_over import hand_over
from app.services.cases.decisions.send_back import send_back
from app.services.cases.submit import submit
from app.services.cases.views import progress, snapshot_query
from app.services.history.timeline import ENGINE, by_staff
from app.services.installation import city
from app.services.money import ledger
from app.services.people.staffing import Colleague
from app.services.tasks.complete_task import complete_task
from app.services.tasks.correct_output import correct_output
from app.services.timers.firing import sweep
from tests import paperwork
from tests.world import ANSWERS, BY_DEPARTMENT, FORMS, OUTPUTS, World, local

# A Friday before a make-up Sunday, the eve of National Day, a year's end, a weekend, and after hours.
STARTS = ["2026-09-18 09:00", "2026-09-30 16:00", "2026-12-31 11:00", "2026-10-11 10:00", "2026-11-24 18:30"]
WAITS = [timedelta(minutes=20), timedelta(hours=3), timedelta(hours=7), timedelta(days=1), timedelta(days=5)]
REASONS = ["road_permit", "site_not_ready_construction", "fund_raising", "contract_review", "rain"]
MOST_MOVES = 120
# `make soak` walks for longer.
WALKS = int(os.environ.get("STEWARD_SOAK_WALKS", "12"))


class CaseMachine(RuleBasedStateMachine):
    """One case, whoever works on it, and the clock."""

    def __init__(self, app: Flask, fixed: FixedClock, staff: dict[str, str], customer_id: str) -> None:
        """`staff` gives the ids by staff number."""
        super().__init__()
        self.app, self.fixed, self.staff, self.customer_id = app, fixed, staff, customer_id
        self.case_id = ""
        self.latest_due: dict[Any, datetime] = {}

    @initialize(
        program=st.sampled_from(["single_meter", "three_zero", "residential"]), start=st.sampled_from(STARTS)
    )
    def apply(self, program: str, start: str) -> None:
        self.fixed.set(local(start))
        with self.app.app_context(), atomic():
            manager = db.session.get_one(Staff, self.staff["G001"])
            answers = {**ANSWERS, **FORMS.get(program, {})}
            known = {key: value for key, value in answers.items() if value is not None}
            draft = drafts.start_by_staff(Colleague.of(manager), program, "door", known)
            self.case_id = submit(draft, by_staff(manager.id), confirmed=True).id

    @rule(wait=st.sampled_from(WAITS))
    def time_passes(self, wait: timedelta) -> None:
        self.fixed.set(self.fixed.now() + wait)

    @rule()
    def jobs_run(self) -> None:
        self.attempt(lambda _case: sweep(500))

    @rule(which=st.integers(0, 30), decision=st.booleans())
    def a_task_is_completed(self, which: int, decision: bool) -> None:
        tasks = self.tasks(TaskState.OPEN)
        if tasks:
            refusal = self.complete(tasks[which % len(tasks)], favourable=decision)
            assert refusal is None, refusal.detail

    @rule(which=st.integers(0, 30))
    def a_task_is_completed_without_what_it_must_deliver(self, which: int) -> None:
        tasks = self.tasks(TaskState.OPEN)
        if tasks:
            task = tasks[which % len(tasks)]
            # Shown its photos only: what stands before a task may bring all it asks for, as a quote does.
            assert self.attempt(lambda _case: self.hand_in(task, {})) is not None, task.key

    @rule(which=st.integers(0, 30))
    def a_task_is_completed_again(self, which: int) -> None:
        tasks = self.tasks(TaskState.DONE) + self.tasks(TaskState.CANCELLED)
        if tasks:
            done = tasks[which % len(tasks)]
            assert self.attempt(lambda _case: self.deliver(done, dict(OUTPUTS[done.key]))) is not None

    @rule(reason=st.sampled_from(REASONS))
    def the_clock_is_stopped(self, reason: str) -> None:
        allowed = {known.key for known in self.program().stop_reasons}
        refusal = self.attempt(
            lambda case: stops.stop_clock(case, self.staff["E001"], reason, "authority", "受理单")
        )
        assert refusal is not None or reason in allowed

    @rule(which=st.integers(0, 30))
    def the_clock_runs_again(self, which: int) -> None:
        rows = self.rows_of(Stop)
        if rows:
            stop = rows[which % len(rows)]
            refusal = self.attempt(lambda case: stops.resume_clock(case, self.staff["E001"], stop.id))
            by_hand = stop.staff_id is not None
            assert (refusal is None) == (stop.ended_at is None and by_hand)

    @rule(which=st.integers(0, 30))
    def the_customer_disputes_a_stop(self, which: int) -> None:
        rows = self.rows_of(Stop)
        if rows:
            stop = rows[which % len(rows)]
            refusal = self.attempt(
                lambda case: stop_reviews.dispute_stop(case, self.customer_id, stop.id, "当天已具备条件")
            )
            assert (refusal is None) or stop.struck_at is not None or self.undecided(stop)

    @rule(which=st.integers(0, 30), ruling=st.sampled_from(list(Ruling)))
    def a_supervisor_rules_on_a_stop(self, which: int, ruling: Ruling) -> None:
        rows = self.rows_of(Stop)
        if not rows:
            return
        stop = rows[which % len(rows)]
        possible = stop.struck_at is None and (ruling is Ruling.STRUCK or self.undecided(stop))

        def move(case: Case) -> None:
            supervisor = Colleague.of(db.session.get_one(Staff, self.staff["S001"]))
            stop_reviews.rule_on_stop(case, supervisor, stop.id, ruling, "已核查凭据")

        assert (self.attempt(move) is None) == possible
        if possible and ruling is Ruling.STRUCK:
            # What was given to the utility wrongly is taken back: the only way to an earlier due date.
            self.latest_due.clear()

    @rule(step=st.sampled_from(list(PermitStep)), in_order=st.booleans())
    def the_road_permit_moves_on(self, step: PermitStep, in_order: bool) -> None:
        entered = {row.step for row in self.rows_of(RoadPermitStep)}
        waiting = next((each for each in PermitStep if each not in entered), None)
        if in_order and waiting is not None:
            step = waiting

        def move(case: Case) -> None:
            engineer = Colleague.of(db.session.get_one(Staff, self.staff["E001"]))
            road_permit.enter_step(case, engineer, step, None, "现场踏勘记录")

        refusal = self.attempt(move)
        assert refusal is not None or step is waiting

    @rule(which=st.integers(0, 30))
    def the_case_is_sent_back(self, which: int) -> None:
        stages = self.program().stages
        stage = stages[which % len(stages)]
        refusal = self.attempt(lambda case: send_back(case, by_staff(case.manager_id), stage.key, "重做"))
        assert refusal is not None or engine.can_be_repeated(stage)

    @rule(number=st.sampled_from(["G001", "G002", "E001"]))
    def the_case_is_handed_over(self, number: str) -> None:
        refusal = self.attempt(lambda case: hand_over(case, by_staff(case.manager_id), number, "请接手"))
        assert refusal is not None or number != "E001"

    @rule(score=st.integers(1, 5))
    def the_customer_rates(self, score: int) -> None:
        case = self.case()
        if case.water_on_at is not None:
            refusal = self.attempt(lambda case: rating.record_rating(case, score, None, ENGINE))
            assert (refusal is None) == (case.rating is None)

    @rule(which=st.integers(0, 30), depth=st.sampled_from(["0.8", "1.6", "-1"]))
    def an_entry_is_corrected(self, which: int, depth: str) -> None:
        tasks = [task for task in self.tasks(TaskState.DONE) if task.key == "network_survey"]
        if tasks:
            found = tasks[which % len(tasks)]

            def move(_case: Case) -> None:
                task = db.session.get_one(Task, found.id)
                person = Colleague.of(db.session.get_one(Staff, self.staff["N001"]))
                correct_output(person, task, "main_depth_m", depth, "核实", found.version)

            refusal = self.attempt(move)
            assert refusal is not None or depth != "-1"

    # Rarely: a case that has ended has no more to show.
    @precondition(lambda self: self.fixed.now().minute == 20)
    @rule(refused=st.booleans())
    def the_case_ends_early(self, refused: bool) -> None:
        def move(case: Case) -> None:
            if refused:
                refuse.refuse_case(
                    case, Colleague.of(db.session.get_one(Staff, self.staff["S001"])), "arrears", ""
                )
            else:
                withdraw.withdraw_case(case, ENGINE, "")

        case = self.case()
        refusal = self.attempt(move)
        assert (refusal is None) == (case.state == CaseState.OPEN and case.water_on_at is None)

    @invariant()
    def everything_holds(self) -> None:
        if self.case_id:
            with self.app.app_context(), atomic(read_only=True):
                self.check()

    def teardown(self) -> None:
        if not self.case_id:
            return
        for _ in range(MOST_MOVES):
            tasks = self.tasks(TaskState.OPEN)
            if not tasks:
                break
            self.fixed.set(self.fixed.now() + timedelta(hours=2))
            assert self.complete(tasks[0], favourable=True) is None
            self.everything_holds()
        case = self.case()
        assert case.state != CaseState.OPEN, "stuck: nothing is waited for, and the case is not at its end"
        assert not self.rows_of(Timer)
        assert all(stop.ended_at is not None for stop in self.rows_of(Stop))

    # --- what holds ------------------------------------------------------------------------------------

    def check(self) -> None:
        case = db.session.get_one(Case, self.case_id)
        found = snapshot_query.record_of_case(self.case_id)
        assert found is not None
        self.check_work(case)
        self.check_figures(case, found)
        asked = ledger.customer_ledger(self.case_id)
        if case.program_key == "three_zero":
            assert (asked.documents, asked.trips, asked.payment_fen) == (0, 0, 0)
        assert asked.documents <= len(self.program().documents)
        payments = [entry for entry in asked.entries if entry.kind == "payment_fen"]
        assert len(payments) <= 1, "what was paid was asked for again"

    def check_work(self, case: Case) -> None:
        """No case is stuck; every open task has somebody, and an instant at which it is spoken of."""
        program = city.program_of(case.program_key, case.former_program_key)
        tasks = self.rows_of(Task)
        waiting = [task for task in tasks if task.state == TaskState.OPEN]
        stopped = any(stop.ended_at is None for stop in self.rows_of(Stop))
        if case.state == CaseState.OPEN:
            assert waiting, "stuck"
        if case.state in {CaseState.WITHDRAWN, CaseState.REFUSED}:
            assert not waiting
            assert not stopped
        timers: dict[str, set[str]] = {}
        for timer in self.rows_of(Timer):
            timers.setdefault(timer.task_id, set()).add(timer.kind)
        assert timers.keys() <= {task.id for task in waiting}
        open_entries = {(row.key, row.round): row for row in self.rows_of(Stage) if row.completed_at is None}
        for task in waiting:
            stage = program.stage(task.stage_key)
            spec = stage.task(task.key)
            held = stopped and engine.counts_stops(stage)
            assert (task.stage_key, task.round) in open_entries or spec.opened_by is not None
            assert task.assignee_id is not None or task.department in BY_DEPARTMENT
            if task.due_at is not None:
                assert not held
                assert TimerKind.OVERDUE in timers[task.id]
            elif spec.remind_after is not None:
                assert timers[task.id] == {TimerKind.REMINDER}
            else:
                assert held, f"{task.key} is waited for, and nobody will ever be reminded of it"
            self.never_earlier(task.id, task.due_at)
        for row in open_entries.values():
            self.never_earlier((row.key, row.round), row.due_at)

    def never_earlier(self, what: Any, due: datetime | None) -> None:
        if due is not None:
            assert due >= self.latest_due.get(what, due)
            self.latest_due[what] = due

    def check_figures(self, case: Case, found: snapshot_query.CaseRecord) -> None:
        """Used and stopped are the length on the line, and the stages add up to the whole."""
        line = city.working_time()
        now = case.closed_at or clock.now()
        stretches = found.stretches(now)
        stopped = line.covered(stretches)
        total = 0
        for stage in found.program.stages:
            logs = [log for log in found.stages if log.key == stage.key]
            figure = figures.stage_figure(line, stage, logs, stopped, now)
            length = sum(
                line.coordinate(log.completed_at or now) - line.coordinate(log.opened_at)
                for log in logs
                if log.opened_at <= now
            )
            if stage.kind is not StageKind.AFTER_WORK:
                assert figure.used + figure.stopped == length
            if stage.in_full_process:
                total += figure.used
        told = receipt_of_case(case)
        shown = progress.describe(found)
        if case.figures is None:
            for stage_told, stage_shown in zip(
                told["stages"], [s for s in shown["stages"] if s["opened_at"]], strict=True
            ):
                self.check_sum(stage_told["receipt"], stage_shown)
            if told["headline"] is not None:
                self.check_sum(told["headline"]["receipt"], shown["headline"])
            if told["full_process"] is not None:
                self.check_sum(told["full_process"]["receipt"], shown["full_process"])
        whole = figures.full_process(line, found.program.full_process, found.stages, stopped, now)
        assert (whole or 0) == total
        if case.figures is not None:
            assert case.figures == progress.case_figures(case.id)

    def check_sum(self, receipt: Any, figure: Any) -> None:
        """The days of a receipt add up, exactly, to what is shown."""
        exact = sum((Fraction(day["share_exact"]) for day in receipt["days"]), Fraction(0))
        assert exact == Fraction(receipt["used_exact"])
        assert str(rounded(exact)) == receipt["used"] == figure["used"]

    def undecided(self, stop: Stop) -> bool:
        """Whether a dispute about this stop waits for a supervisor."""
        query = select(StopReview.id).where(StopReview.stop_id == stop.id, StopReview.ruled_at.is_(None))
        with self.app.app_context(), atomic(read_only=True):
            return db.session.scalar(query) is not None

    # --- how it moves ----------------------------------------------------------------------------------

    def attempt(self, move: Callable[[Case], object]) -> Refusal | None:
        """A move as a request makes it; a refused one has changed nothing."""
        before = self.everything()
        try:
            with self.app.app_context(), atomic():
                move(db.session.get_one(Case, self.case_id))
        except Refusal as refusal:
            assert self.everything() == before
            return refusal
        return None

    def complete(self, task: Task, *, favourable: bool) -> Refusal | None:
        outputs = dict(OUTPUTS[task.key])
        # A receipt and a meter belong to one case, and every walk is another one.
        outputs |= {key: self.case_id for key in ("receipt_number", "meter_serial") if key in outputs}
        if task.key == "check_eligibility" and not favourable:
            outputs |= {"eligibility_decision": "not_eligible", "ineligible_reason": "不在清单内"}
        if task.key == "group_approval" and not favourable:
            outputs |= {"approval_decision": "refused", "refusal_reason": "本年度额度已满"}
        return self.attempt(lambda _case: self.deliver(task, outputs))

    def worker(self, task: Task) -> Staff:
        return db.session.get_one(Staff, task.assignee_id or self.staff[BY_DEPARTMENT[task.department]])

    def deliver(self, task: Task, outputs: dict[str, Any]) -> None:
        staff = self.worker(task)
        outputs = paperwork.prepare(staff.number, task.id, outputs)
        complete_task(Colleague.of(staff), db.session.get_one(Task, task.id), outputs)

    def hand_in(self, task: Task, outputs: dict[str, Any]) -> None:
        staff = self.worker(task)
        paperwork.show(staff.number, task.id)
        complete_task(Colleague.of(staff), db.session.get_one(Task, task.id), outputs)

    def case(self) -> Case:
        with self.app.app_context(), atomic(read_only=True):
            found = db.session.get_one(Case, self.case_id)
            db.session.expunge_all()
        return found

    def program(self) -> Any:
        case = self.case()
        return city.program_of(case.program_key, case.former_program_key)

    def tasks(self, state: TaskState) -> list[Task]:
        return [task for task in self.rows_of(Task) if task.state == state]

    def rows_of(self, noun: Any) -> list[Any]:
        query = select(noun).where(noun.case_id == self.case_id).order_by(*noun.__table__.primary_key)
        with self.app.app_context(), atomic(read_only=True):
            rows = list(db.session.scalars(query))
            db.session.expunge_all()
        return rows

    def everything(self) -> dict[str, list[str]]:
        """Every row that belongs to the case."""
        with self.app.app_context(), atomic(read_only=True):
            found = {}
            for table in db.metadata.sorted_tables:
                if "case_id" in table.columns:
                    mine = table.columns["case_id"] == self.case_id
                elif table.name == "cases":
                    mine = table.columns["id"] == self.case_id
                else:
                    continue
                found[table.name] = sorted(
                    repr(tuple(row)) for row in db.session.execute(select(table).where(mine))
                )
        return found


def test_whatever_happens_to_a_case_it_holds_together(world: World) -> None:
    world.log_in("o_customer", ANSWERS["contact_phone"])
    with world.app.app_context():
        staff = {row.number: row.id for row in db.session.scalars(select(Staff))}
        customer_id = db.session.scalars(select(Customer.id)).one()

    def machine() -> CaseMachine:
        # Each walk has the timers to itself: the sweep takes whatever is due.
        with world.app.app_context(), atomic():
            db.session.execute(delete(Timer))
        return CaseMachine(world.app, world.clock, staff, customer_id)

    run_state_machine_as_test(
        cast("type[CaseMachine]", machine),
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=30,
            deadline=None,
            # Shrinking a walk takes many minutes; the one that failed is told step by step, and kept.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
