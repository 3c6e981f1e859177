"""The city that this installation serves, read once from its folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from app.core import clock
from app.domain.city import City, load_city
from app.domain.conversation.loader import load_talk
from app.domain.conversation.rules import ConversationRules
from app.domain.data_terms import DataKind, DataTerm, load_terms
from app.domain.departments import load_departments
from app.domain.document_kinds import DocumentRules, load_document_rules
from app.domain.forms import Form, load_forms
from app.domain.limits import Limit, Limited, load_limits
from app.domain.office_hours import CalendarData, load_hours
from app.domain.papers import PaperKind, load_papers
from app.domain.price_list import PriceList, load_prices
from app.domain.programs import program_switch
from app.domain.programs.definition import Program
from app.domain.programs.loader import load_programs
from app.domain.refusals import RefusalReason, load_refusals
from app.domain.skills import Known, SkillRules, load_skills
from app.domain.visit_checks import check_visits
from app.domain.visit_rules import VisitRules, load_visit_rules
from app.domain.worktime import WorkingTime
from app.services.installation import calendar_versions, holidays


@dataclass(frozen=True, eq=False)
class CityBundle:
    """Everything that a city brings as data: its facts, departments, programs, forms and calendar.

    `office` and `calendar` apply until the utility publishes its first version of the calendar. Compared by
    identity, so that values computed from it can be cached. `folder` holds the templates of its papers.
    """

    folder: Path
    city: City
    departments: Mapping[str, str]
    lead_department: str
    programs: Mapping[str, Program]
    forms: Mapping[str, Form]
    documents: DocumentRules
    office: CalendarData
    prices: PriceList
    papers: Mapping[str, PaperKind]
    calendar: WorkingTime
    refusals: Mapping[str, RefusalReason]
    visits: VisitRules
    talk: ConversationRules
    skills: SkillRules
    terms: Mapping[DataKind, DataTerm]
    limits: Mapping[Limited, Limit]

    @cached_property
    def ways(self) -> Mapping[tuple[str, str | None], Program]:
        """Every program as a case may follow it: by its key and by the program first applied for."""
        alone: dict[tuple[str, str | None], Program] = {
            (key, None): one for key, one in self.programs.items()
        }
        turned = {
            (task.program_switch.program, former.key): program_switch.continued(
                self.programs[task.program_switch.program], former
            )
            for former in self.programs.values()
            for stage in former.stages
            for task in stage.tasks
            if task.program_switch is not None
        }
        return alone | turned


class _Installed:
    bundle: CityBundle | None = None


class NoCityError(RuntimeError):
    """A service was used before `install` named the city."""


def read(folder: Path) -> CityBundle:
    """Read and check a city's folder. Raises `ConfigError` naming file, key and fault."""
    hours = load_hours(folder / "calendar.toml")
    departments = load_departments(folder)
    city = load_city(folder)
    documents = load_document_rules(folder)
    visits, talk = load_visit_rules(folder), load_talk(folder, documents)
    programs = load_programs(folder)
    check_visits(folder, visits, hours, talk.push, clock.now().astimezone(hours.zone).date())
    return CityBundle(
        folder=folder,
        city=city,
        departments={department.key: department.name for department in departments},
        lead_department=next(department.key for department in departments if department.lead),
        programs=programs,
        forms=load_forms(folder),
        documents=documents,
        office=hours,
        prices=load_prices(folder),
        papers=load_papers(folder),
        calendar=holidays.build(hours.hours, hours.half_days, hours.zone, hours.tag),
        refusals={reason.key: reason for reason in load_refusals(folder)},
        visits=visits,
        talk=talk,
        terms=load_terms(folder),
        limits=load_limits(folder),
        skills=load_skills(
            folder,
            Known(
                {department.key for department in departments},
                visits.purposes,
                {task.key for each in programs.values() for stage in each.stages for task in stage.tasks},
            ),
        ),
    )


def install(bundle: CityBundle) -> None:
    """Makes `bundle` the city of this process."""
    _Installed.bundle = bundle


def current() -> CityBundle:
    """The city in use. Raises `NoCityError` before `install`."""
    if _Installed.bundle is None:
        raise NoCityError
    return _Installed.bundle


def working_time() -> WorkingTime:
    """The working-time line of the newest published version, in the current transaction."""
    bundle = current()
    return calendar_versions.in_force(bundle.city.key, bundle.calendar)


def zone() -> ZoneInfo:
    """The city's time zone, which no version of the calendar changes."""
    return current().calendar.zone


def program(key: str) -> Program:
    """The program of that key. Raises `KeyError`."""
    return current().programs[key]


def program_of(key: str, former_key: str | None) -> Program:
    """The program of a case, including what was checked under the program first applied for.

    Raises `KeyError`.
    """
    return current().ways[key, former_key]


def department_name(key: str) -> str:
    """The display name of a department."""
    return current().departments[key]
