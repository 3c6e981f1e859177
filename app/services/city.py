"""The city that this installation serves, read once from its folder and held for every service."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.domain.city import City, load_city
from app.domain.departments import load_departments
from app.domain.forms import Form, load_forms
from app.domain.officehours import load_hours
from app.domain.programs import succession
from app.domain.programs.definition import Program
from app.domain.programs.loader import load_programs
from app.domain.refusals import RefusalReason, load_refusals
from app.domain.worktime import WorkingTime
from app.services import calendar


@dataclass(frozen=True, slots=True)
class CityBundle:
    """Everything a city brings as data: itself, its departments, programs, forms and calendar."""

    city: City
    departments: Mapping[str, str]
    lead_department: str
    programs: Mapping[str, Program]
    forms: Mapping[str, Form]
    calendar: WorkingTime
    refusals: Mapping[str, RefusalReason]


class _Installed:
    bundle: CityBundle | None = None


class NoCityError(RuntimeError):
    """A service was used before `install` named the city."""


def read(folder: Path) -> CityBundle:
    """Read and check a city's folder. Raises `DataFault` naming file, key and fault."""
    hours = load_hours(folder / "calendar.toml")
    departments = load_departments(folder)
    city = load_city(folder)
    return CityBundle(
        city=city,
        departments={department.key: department.name for department in departments},
        lead_department=next(department.key for department in departments if department.lead),
        programs=load_programs(folder),
        forms=load_forms(folder),
        calendar=calendar.build(hours.hours, hours.half_days, hours.zone, city.key),
        refusals={reason.key: reason for reason in load_refusals(folder)},
    )


def install(bundle: CityBundle) -> None:
    """Let every service of this process serve `bundle`'s city."""
    _Installed.bundle = bundle


def current() -> CityBundle:
    """The city in use. Raises `NoCityError` before `install`."""
    if _Installed.bundle is None:
        raise NoCityError
    return _Installed.bundle


def working_time() -> WorkingTime:
    """The working-time line of the city in use."""
    return current().calendar


def program(key: str) -> Program:
    """The program of that key. Raises `KeyError`."""
    return current().programs[key]


def program_of(key: str, former_key: str | None) -> Program:
    """The program of a case, with what was checked under the one it was first applied for.

    Raises `KeyError`.
    """
    present = program(key)
    return present if former_key is None else succession.continued(present, program(former_key))


def department_name(key: str) -> str:
    """What people call a department."""
    return current().departments[key]
