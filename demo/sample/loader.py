"""Loading the sample: every row is written by the services, at the instant it would have been written.

A clock of this process is moved from the first log-in to the present; timers fire and messages go out on the
way, as the jobs process would have done it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from app.core import clock
from app.core.atomic import atomic
from app.domain.slots.patterns import Pattern, weekly_of
from app.jobs.timetable import Job
from app.services.people import followers, identity, personnel
from demo.environment.simulated_wechat import Controls, SimulatedWeChat, register_templates
from demo.people import fictional_people as people
from demo.people.enrol_staff import enrol_staff
from demo.people.register_people import introduce
from demo.sample import consultations
from demo.sample.case_steps import CaseSteps
from demo.sample.directory import Directory
from demo.sample.plan import SamplePlan
from demo.sample.timeline import Timeline

# Some days before the first case, everybody is entered and logs in.
LEAD = timedelta(days=3)

Report = Callable[[datetime, datetime, datetime], None]
"""(start, instant, present): how far the loading has come in simulated time."""


def load(
    jobs: Sequence[Job], controls: Controls, sample: SamplePlan, report: Report = lambda *_instants: None
) -> int:
    """Load a sample into an empty database, up to the present instant; how many cases were opened.

    `jobs` is the timetable, `controls` a simulator of this process. Call inside an app context. Raises
    `Refusal` when the sample does not fit the city.
    """
    present, before = clock.now(), clock.in_use()
    try:
        return _load(sample, jobs, SimulatedWeChat(controls), present, report)
    finally:
        clock.use(before)


def _load(
    sample: SamplePlan, jobs: Sequence[Job], wechat: SimulatedWeChat, present: datetime, report: Report
) -> int:
    timeline = Timeline(jobs, present)
    start = min(timeline.days_ago(case.opened_days_ago) for case in sample.cases) - LEAD
    timeline.move(start)
    register_templates(wechat)
    introduce(wechat)
    with atomic():
        _enter_staff(sample, timeline)
        consultations.enrol(sample.partner)
    with atomic(read_only=True):
        steps = CaseSteps(sample, timeline, Directory())
    for case in sample.cases:
        timeline.plan(timeline.days_ago(case.opened_days_ago), lambda case=case: steps.open(case))  # type: ignore[misc]
    timeline.plan_mornings(start)
    timeline.run(lambda at: report(start, at, present))
    return steps.opened


def _enter_staff(sample: SamplePlan, timeline: Timeline) -> None:
    enrol_staff()
    for member in people.staff():
        identity.bind_staff(member.openid, member.unionid, f"+86{member.phone}")
        followers.follow(member.service_openid, member.unionid)
    leave, own = sample.leave, sample.part_time
    today = timeline.present.astimezone(timeline.line.zone).date()
    personnel.enter_leave(
        leave.number,
        leave.deputy,
        today + timedelta(days=leave.from_day),
        today + timedelta(days=leave.to_day),
    )
    personnel.set_hours(own.number, Pattern(today - timedelta(days=7), weekly_of(own.weekly)))
