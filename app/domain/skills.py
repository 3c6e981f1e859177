"""Which skill (岗位技能、证书) a piece of work asks for, read from the city's skills.toml."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.domain.toml_reader import Source, Table, check_unique

FILE = "skills.toml"
MANAGER_ROLE = "manager"
"""In place of a department: whoever comes as the customer's manager."""


@dataclass(frozen=True, slots=True)
class Skill:
    """Something that a person must be able, or certified, to do."""

    key: str
    name: str
    cite: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """`skill` is asked of whoever comes in `role` for one of `purposes`, or does one of `tasks` there.

    A role is a department, or `MANAGER_ROLE`.

    With `calibre_from_mm` only where the case's calibre is as large or larger.
    """

    skill: str
    role: str
    purposes: frozenset[str]
    tasks: frozenset[str]
    calibre_from_mm: int | None

    def applies(self, calibre_mm: int | None) -> bool:
        """Whether it concerns a case of this calibre; of an unknown one it does not."""
        return self.calibre_from_mm is None or (calibre_mm is not None and calibre_mm >= self.calibre_from_mm)


@dataclass(frozen=True, slots=True)
class SkillRules:
    """The city's skills by key, and where they are asked for.

    Supervisors hear `warn` before a skill lapses.
    """

    warn: timedelta
    skills: Mapping[str, Skill]
    required: tuple[Requirement, ...]

    def for_visit(self, purpose: str, role: str, calibre_mm: int | None) -> frozenset[str]:
        """The skills of whoever comes in a role for a purpose."""
        return frozenset(
            rule.skill
            for rule in self.required
            if purpose in rule.purposes and rule.role == role and rule.applies(calibre_mm)
        )

    def for_task(self, task: str, department: str, calibre_mm: int | None) -> frozenset[str]:
        """The skills of whoever of a department does a task."""
        return frozenset(
            rule.skill
            for rule in self.required
            if task in rule.tasks and rule.role == department and rule.applies(calibre_mm)
        )

    def asks_of_visit(self, purpose: str) -> bool:
        """Whether a visit may ask for a skill at all: only then the case's calibre matters."""
        return any(purpose in rule.purposes for rule in self.required)

    def asks_of_task(self, task: str) -> bool:
        """Whether a task may ask for a skill at all."""
        return any(task in rule.tasks for rule in self.required)


@dataclass(frozen=True, slots=True)
class Known:
    """What the city's other files define, and requirements may name."""

    departments: Collection[str]
    purposes: Collection[str]
    tasks: Collection[str]


def load_skills(folder: Path, known: Known) -> SkillRules:
    """Read the skills.toml of the city in `folder`.

    :raises ConfigError: with every fault of the file, each naming file, key and fault.
    """
    source = Source(folder / FILE)
    rows = source.root.tables("skills", optional=True)
    skills = [Skill(row.text("key"), row.text("name"), row.cite()) for row in rows]
    check_unique(rows, [skill.key for skill in skills])
    by_key = {skill.key: skill for skill in skills}
    required = tuple(
        _requirement(row, by_key, known) for row in source.root.tables("required", optional=True)
    )
    rules = SkillRules(timedelta(days=_warn_days(source.root)), by_key, required)
    source.finish()
    return rules


def _warn_days(root: Table) -> int:
    table = root.table("warn")
    if table is None:
        return 0
    table.cite()
    days = table.whole("days")
    if days is not None and days < 1:
        table.fault("days", "must be 1 or more")
    return days or 0


def _requirement(row: Table, skills: Collection[str], known: Known) -> Requirement:
    row.cite()
    skill, role = row.text("skill"), row.text("role")
    purposes, tasks = row.texts("purposes", optional=True), row.texts("tasks", optional=True)
    calibre = row.whole("calibre_from_mm", optional=True)
    if not purposes and not tasks:
        row.fault("purposes", "a requirement names purposes, tasks or both")
    if calibre is not None and calibre < 1:
        row.fault("calibre_from_mm", "must be 1 or more")
    for key, named, names, what in (
        ("skill", (skill,), skills, "[[skills]] has no"),
        ("role", (role,), {*known.departments, MANAGER_ROLE}, "departments.toml has no"),
        ("purposes", purposes, known.purposes, "visits.toml has no"),
        ("tasks", tasks, known.tasks, "no program has a task"),
    ):
        for unknown in sorted(set(named) - set(names) - {""}):
            row.fault(key, f"{what} {unknown!r}")
    return Requirement(skill, role, frozenset(purposes), frozenset(tasks), calibre)
