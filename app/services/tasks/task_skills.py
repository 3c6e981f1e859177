"""The skills that a task asks for: whoever claims or completes it must have them on that day."""

from app.core import clock
from app.domain.errors import SkillMissingError
from app.models import Case, Task
from app.services.cases.calibre import calibre_mm
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.scheduling import skills, working_hours


def require_skills(staff: Colleague, case: Case, task: Task) -> None:
    """Raises `SkillMissingError` with the names of the skills that this person lacks."""
    lacking = missing_skills(staff.id, case, task)
    if lacking:
        names = "、".join(f"“{name}”" for name in lacking)
        raise SkillMissingError(
            f"办理此任务须具备{names}，请由具备资格的同事领取；如已取得资格，请联系督办登记。"
        )


def missing_skills(staff_id: str, case: Case, task: Task) -> list[str]:
    """The names of the skills that a task asks for and somebody does not have today."""
    rules = city.current().skills
    if not rules.asks_of_task(task.key):
        return []
    wanted = rules.for_task(task.key, task.department, calibre_mm(case))
    today = working_hours.local_day(clock.now())
    return [rules.skills[key].name for key in skills.missing(staff_id, wanted, today)]
