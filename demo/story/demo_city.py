"""What the stories need of the demo city's data, read without a database: that is quicker to import."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.city_folder import city_folder
from app.domain.office_hours import load_hours
from app.domain.programs.loader import load_programs
from app.domain.worktime import WorkingTime
from app.services.installation import holidays


@dataclass(frozen=True, slots=True)
class DemoCity:
    """The working time that figures are held to, and the name of each program by its key."""

    line: WorkingTime
    program_names: Mapping[str, str]


def read() -> DemoCity:
    """Read the city's folder. Raises `ConfigError`."""
    folder = city_folder({})
    hours = load_hours(folder / "calendar.toml")
    return DemoCity(
        line=holidays.build(hours.hours, hours.half_days, hours.zone, hours.tag),
        program_names={key: program.name for key, program in load_programs(folder).items()},
    )
