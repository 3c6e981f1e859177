"""The named values of each subject, in the form in which people read them; times in the city's own zone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from app.core import clock
from app.core.crypto import mask_address
from app.services.event_views.case_changes import (
    CaseChangeView,
    OpenStageView,
    PromiseView,
    StageView,
    StopView,
)
from app.services.event_views.cases import CaseView, TaskView
from app.services.event_views.conversations import ChaseView, ConversationView
from app.services.event_views.departures import DepartureView
from app.services.event_views.staff_skills import SkillView
from app.services.event_views.visits import VisitView
from app.services.installation import city
from app.services.people import phones
from notifications.followup.gathered import MorningCame
from notifications.followup.undelivered import Sum
from notifications.wording import catalog
from notifications.wording.catalog import Wording


@dataclass(frozen=True, slots=True)
class MessageValues:
    """How values are worded: the words for coded ones, the zone for times, and the instant of the event."""

    wording: Wording
    zone: tzinfo
    now: datetime

    def of_case(self, brief: CaseView) -> dict[str, str]:
        """The values of a case. The manager is the named one, also during leave: they answer for it."""
        return {
            "case_number": brief.number,
            "project_name": brief.project_name,
            "program_name": brief.program_name,
            "manager_name": brief.manager.name,
            "manager_phone": phones.shown(brief.manager.phone),
            "event_time": self._moment(self.now),
        }

    def of_stage(self, brief: StageView) -> dict[str, str]:
        """The values of a completed stage."""
        return self.of_case(brief.case) | {
            "stage_name": brief.stage_name,
            "next_stage": brief.next_stage_name or self.wording.absent["next_stage"],
            "next_due": self._due("next_due", brief.next_due_at),
        }

    def of_stop(self, brief: StopView) -> dict[str, str]:
        """The values of a stop of the clock."""
        return self.of_case(brief.case) | {
            "reason": brief.reason_name,
            "advice": self.wording.advice[brief.party],
            "stop_from": self._moment(brief.started_at),
            "stop_to": self._due("stop_to", brief.ended_at),
            "due": self._due("due", brief.due_at),
        }

    def of_task(
        self, brief: TaskView, *, reminders: Sequence[str] = (), occurrence: int = 0
    ) -> dict[str, str]:
        """The values of a task: the reminders that fell together, the overdue days told (from 1)."""
        return self.of_case(brief.case) | {
            "task_name": brief.task_name,
            "stage_name": brief.stage_name,
            "department_name": brief.department_name,
            "due": self._due("due", brief.due_at),
            "urgency": self._urgency(reminders),
            "overdue_days": str(occurrence),
        }

    def of_due(self, brief: OpenStageView, was: datetime) -> dict[str, str]:
        """The values of an open stage whose due date was another one."""
        return self.of_case(brief.case) | {
            "stage_name": brief.stage_name,
            "was": self._moment(was),
            "due": self._due("due", brief.due_at),
        }

    def of_rating(self, brief: CaseView, rating: int) -> dict[str, str]:
        """The values of a rating, 1 to 5."""
        return self.of_case(brief) | {"rating": str(rating)}

    def of_promise(self, brief: PromiseView) -> dict[str, str]:
        """The values of a promise that runs short."""
        return self.of_case(brief.case) | {
            "stage_name": brief.stage_name,
            "headline_name": brief.headline_name,
            "later_stages": "、".join(brief.later_stages),
        }

    def of_turn(self, brief: CaseChangeView) -> dict[str, str]:
        """The values of a case change: why, what can be done next, what was and is now."""
        absent = self.wording.absent
        return self.of_case(brief.case) | {
            "reason": brief.reason or absent["reason"],
            "next_step": brief.advice or absent["next_step"],
            "was": brief.was or absent["was"],
            "turned_to": brief.now or absent["turned_to"],
        }

    def of_visit(self, brief: VisitView) -> dict[str, str]:
        """The values of a visit. The visitors are named as the customer will meet them, the lead first."""
        absent = self.wording.absent
        return self.of_case(brief.case) | {
            "purpose": brief.purpose_name,
            "visit_time": self._moment(brief.starts_at),
            "visit_was": self._due("visit_was", brief.was),
            "visit_expected": self._moment(brief.expected_at or brief.starts_at),
            "visit_place": brief.address,
            "visit_area": mask_address(brief.address) if brief.at_customers else brief.address,
            "visitors": "、".join(person.name for person in brief.visitors),
            "visit_reason": brief.reason or absent["visit_reason"],
            "hold_until": self._due("hold_until", brief.hold_until),
            "next_opening": self._due("next_opening", brief.next_opening),
        }

    def of_talk(self, brief: ConversationView) -> dict[str, str]:
        """The values of a conversation; its topic is the project, where it is about one."""
        return {
            "topic": brief.topic,
            "manager_name": brief.manager.name,
            "manager_phone": phones.shown(brief.manager.phone),
            "event_time": self._moment(self.now),
            "due": self._due("due", brief.due_at),
        }

    def of_chase(self, brief: ChaseView) -> dict[str, str]:
        """The values of a chase: the stage's figures when the customer asked, and when an answer is due."""
        return self.of_case(brief.case) | {
            "stage_name": brief.stage_name,
            "used": brief.used,
            "allowed": brief.allowed,
            "due": self._due("due", brief.due_at),
        }

    def of_departure(self, brief: DepartureView, cases: int, tasks: int, visits: int) -> dict[str, str]:
        """The values of a departure: what has to find somebody else."""
        return {
            "person_name": brief.name,
            "person_number": brief.number,
            "event_time": self._moment(self.now),
            "cases": str(cases),
            "tasks": str(tasks),
            "visits": str(visits),
        }

    def of_undelivered(self, since: datetime, found: Sum, callbacks: int, unreachable: int) -> dict[str, str]:
        """The values of what did not arrive since then, and of the callbacks that could not be handled."""
        return {
            "since": self._moment(since),
            "event_time": self._moment(self.now),
            "undelivered": str(found.all),
            "failed": str(found.failed),
            "refused": str(found.refused),
            "unknown": str(found.unknown),
            "to_call": str(found.to_call),
            "callbacks": str(callbacks),
            "unreachable": str(unreachable),
        }

    def of_skill(self, brief: SkillView) -> dict[str, str]:
        """The values of a skill that lapses."""
        return {
            "staff_name": brief.holder.name,
            "staff_number": brief.holder.number,
            "skill_name": brief.skill_name,
            "valid_until": brief.valid_until.isoformat(),
            "others": str(brief.others),
        }

    def of_terms(self, deleted: Mapping[str, int]) -> dict[str, str]:
        """What was deleted because its term is over, by the names of the kinds."""
        return {
            "event_time": self._moment(self.now),
            "deleted": str(sum(deleted.values())),
            "kinds": "、".join(f"{name}{number}项" for name, number in deleted.items()),
        }

    def of_digest(self, morning: MorningCame) -> dict[str, str]:
        """The values of the morning's message: how much there is to read, and what matters most."""
        lines = morning.most_important
        return {
            "event_time": self._moment(self.now),
            "notices": str(len(morning.gathered)),
            "cases": str(morning.cases),
            "important": str(morning.important),
            "first": lines[0],
            "most_important": "；".join(lines),
        }

    def _urgency(self, reminders: Sequence[str]) -> str:
        # The most pressing word comes first in the data, the mildest last.
        words = self.wording.urgency
        return next((text for kind, text in words.items() if kind in reminders), list(words.values())[-1])

    def _due(self, name: str, instant: datetime | None) -> str:
        return self.wording.absent[name] if instant is None else self._moment(instant)

    def _moment(self, instant: datetime) -> str:
        return instant.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")


def at_present() -> MessageValues:
    """The words of this city, for an event that happens now."""
    return MessageValues(catalog.current().wording, city.zone(), clock.now())
