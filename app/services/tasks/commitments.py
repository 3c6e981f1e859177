"""What a task depends on beside its own outputs: the customer's choice, a confirmed paper, a meter.

What the system knows need not be typed: numbers and contents of papers, sum and option of the quote. Money
received is always typed, because it is compared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.calibres import nominal_mm
from app.domain.errors import FieldsError, PaperNeededError
from app.domain.money import yuan
from app.domain.programs.tasks import OutputField, TaskSpec
from app.models import Case, Paper, Task
from app.services.cases import plan_agreement
from app.services.history import latest_outputs
from app.services.installation import city
from app.services.metering import hung_meters
from app.services.money import quotes
from app.services.money.record_payment import record_payment
from app.services.papers import make_paper, paper_records
from app.services.tasks import evidence

PAID = "paid"
WATER_ON = "water_on"


@dataclass(frozen=True, slots=True)
class Commitments:
    """The values that a task's outputs must equal, by key, and the confirmed paper."""

    known: Mapping[str, Any]
    typed: frozenset[str]
    paper: Paper | None

    def completed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The given values, completed by known values where nothing was typed."""
        filled = {key: value for key, value in self.known.items() if key not in self.typed}
        return {**filled, **{key: value for key, value in given.items() if value not in (None, "")}}


def commitments_of(case: Case, spec: TaskSpec) -> Commitments:
    """The commitments of this task, locked until the transaction ends.

    Raises `PlanAgreementNeededError`, `ChoiceNeededError` and `PaperNeededError` when the customer has not
    done their part on the phone.
    """
    known: dict[str, Any] = {}
    typed = set()
    paper = confirmed_paper(case, spec)
    agreements = {field.agrees_with: field.key for field in spec.outputs if field.agrees_with is not None}
    quoted = {"quoted_amount", "quoted_option"} & set(agreements)
    if spec.requires_choice or spec.issues_quote is not None or quoted:
        quote = quotes.quote_in_force(case.id, lock=True)
        chosen = spec.requires_choice or spec.issues_quote is None
        told = quotes.agreed_sum(quote) if chosen else quotes.only_sum(quote)
        if told is not None and "quoted_amount" in agreements:
            known[agreements["quoted_amount"]] = told.total_fen
            if spec.issues_quote is None:
                typed.add(agreements["quoted_amount"])
        if told is not None and "quoted_option" in agreements:
            known[agreements["quoted_option"]] = told.option
    if paper is not None:
        if "paper_number" in agreements:
            known[agreements["paper_number"]] = paper.number
        known |= {field.key: paper.terms[field.key] for field in spec.outputs if field.key in paper.terms}
    if spec.requires_plan_agreement:
        plan_agreement.require_agreement(case)
    return Commitments(known, frozenset(typed), paper)


def confirmed_paper(case: Case, spec: TaskSpec) -> Paper | None:
    """The paper that the task requires, confirmed and unchanged; None when it requires none.

    Raises `PaperNeededError` and `PaperChangedError`.
    """
    if spec.requires_paper is None:
        return None
    kind = city.current().papers[spec.requires_paper]
    row = paper_records.newest_paper(case.id, kind.key, lock=True)
    if row is None:
        raise PaperNeededError(f"请先生成《{kind.name}》，由客户在手机上确认。")
    paper_records.paper_content(row)
    if row.confirmed_at is None:
        raise PaperNeededError(f"客户尚未确认《{kind.name}》，请提醒客户打开小程序确认。")
    stated = row.terms.get(make_paper.AMOUNT)
    if stated is not None:
        agreed = quotes.agreed_sum(quotes.quote_in_force(case.id, lock=True)).total_fen
        if stated != agreed:
            raise PaperNeededError(
                f"《{kind.name}》金额为{yuan(stated)}，客户选择的方案为{yuan(agreed)}，请重新生成后由客户确认。"
            )
    return row


def compare(
    case: Case,
    spec: TaskSpec,
    outputs: Mapping[str, Any],
    known: Mapping[str, Any],
    may_pass: Callable[[OutputField, Any], bool],
) -> None:
    """Raises `FieldsError` with every value that differs from what was agreed, or is larger than planned.

    `may_pass`: whether a differing value was let pass.
    """
    faults = []
    for field in spec.outputs:
        value = outputs.get(field.key)
        if value is None:
            continue
        if field.key in known and value != known[field.key] and not may_pass(field, value):
            faults.append(_fault(field, _differs(field, value, known[field.key])))
        elif field.at_most is not None:
            planned = latest_outputs.value(case.id, field.at_most)
            if planned is not None and nominal_mm(value) > nominal_mm(planned):
                faults.append(
                    _fault(field, f"“{field.name}”为{value}，大于用水方案确定的{planned}，请核对。")
                )
    if faults:
        raise FieldsError(faults, detail=f"“{spec.name}”还不能办结，请按提示核对。")


def record_milestones(
    task: Task, spec: TaskSpec, outputs: Mapping[str, Any], staff_id: str, paper: Paper | None
) -> None:
    """Records what the task's milestones bring (payment, meter). Raises `FieldsError` for a used number."""
    if PAID in spec.milestones:
        record_payment(task, outputs, staff_id)
    if WATER_ON in spec.milestones:
        photo = evidence.newest(task.case_id, spec.documents)
        hung_meters.record_meters(task, outputs, staff_id, photo, None if paper is None else paper.id)


def _differs(field: OutputField, value: Any, expected: Any) -> str:
    if field.agrees_with == "quoted_amount":
        return f"“{field.name}”应为{yuan(expected)}，填写的是{yuan(value)}，请核对后重新填写。"
    return f"“{field.name}”应为“{expected}”，填写的是“{value}”，请核对后重新填写。"


def _fault(field: OutputField, message: str) -> dict[str, str]:
    return {"field": field.key, "code": "disagrees", "message": message}
