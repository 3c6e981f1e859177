"""Skills and certificates: the register, entering, withdrawing with a preview."""

from typing import Any

from apiflask import APIBlueprint

from app.services.visits.changes import skill_register
from app.services.visits.changes.skill_register import NewCertificate
from miniprogram_api.guards import me
from miniprogram_api.schemas.skills import CertificateIn, SkillOut, SkillsOut
from miniprogram_api.schemas.staff_visits import AffectedVisitsOut

skills = APIBlueprint("staff_skills", __name__, url_prefix="/api/v1/staff/skills", tag="staff")


@skills.get("")
@skills.output(SkillsOut)
@skills.doc(summary="岗位技能与持证人员（督办）")
def list_skills() -> Any:
    """Lists every skill of the city with the active people who have it.

    Who lapses first stands first; certificate numbers are masked. Supervisors only.
    """
    return {"items": skill_register.register(me())}


@skills.put("/<skill>/holders/<staff_number>")
@skills.input(CertificateIn)
@skills.output(SkillOut)
@skills.doc(summary="登记或续期一项岗位技能（督办）")
def enter_skill(skill: str, staff_number: str, json_data: dict[str, Any]) -> Any:
    """Enters a skill of somebody, or renews it with a new last day.

    Supervisors only. Refused with `invalid_fields` for an unknown person or a last day that is over, with
    `not_found` for a skill that the city does not have.
    """
    wanted = NewCertificate(
        number=staff_number,
        skill=skill,
        valid_until=json_data["valid_until"],
        certificate=json_data.get("certificate"),
    )
    return skill_register.enter(me(), wanted)


@skills.post("/<skill>/holders/<staff_number>/withdrawal-previews")
@skills.output(AffectedVisitsOut)
@skills.doc(summary="预览取消一项岗位技能会影响哪些预约（督办）")
def preview_withdrawal(skill: str, staff_number: str) -> Any:
    """Lists the visits that could not take place as booked without a skill of somebody.

    Nothing is recorded. Supervisors only.
    """
    return skill_register.preview_withdrawal(me(), staff_number, skill)


@skills.delete("/<skill>/holders/<staff_number>")
@skills.output(AffectedVisitsOut)
@skills.doc(summary="取消一项岗位技能（督办；受影响的预约自动改期或征询客户）")
def withdraw_skill(skill: str, staff_number: str) -> Any:
    """Takes a skill from somebody and reschedules the visits that need it.

    Supervisors only. Answers the affected visits; `not_found` when the person does not have it.
    """
    return skill_register.withdraw(me(), staff_number, skill)
