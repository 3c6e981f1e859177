"""The utility's departments (责任部门), read from the city's departments.toml."""

from dataclasses import dataclass
from pathlib import Path

from app.domain.toml_reader import Source, check_unique


@dataclass(frozen=True, slots=True)
class Department:
    """A department that holds tasks; the lead one is the home of the managers (客户管家)."""

    key: str
    name: str
    lead: bool


def load_departments(folder: Path) -> tuple[Department, ...]:
    """The departments of the city in `folder`, in the file's order.

    :raises ConfigError: with every fault of the file; one department and no more must be the lead.
    """
    source = Source(folder / "departments.toml")
    rows = source.root.tables("departments")
    departments = tuple(Department(row.text("key"), row.text("name"), row.flag("lead")) for row in rows)
    check_unique(rows, [department.key for department in departments])
    if sum(department.lead for department in departments) != 1:
        source.note("departments", "exactly one department must have lead = true")
    source.finish()
    return departments
