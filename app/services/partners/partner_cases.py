"""The cases that a partner brought in, found by the partner's reference or by our number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import NotFoundError
from app.models import Case, Partner, PartnerCase, Staff, Stage
from app.services.cases.views import progress, snapshot_query
from app.services.partners.request_signatures import PartnerIdentity


@dataclass(frozen=True, slots=True)
class PartnerAnswer:
    """The answer to a partner that brought in a case, or repeats it (`repeated`).

    `due_at`: when the earliest open stage is due. The partner may tell the customer the manager's name.
    """

    number: str
    reference: str
    state: str
    repeated: bool
    due_at: datetime | None
    manager_name: str
    manager_phone: str


def known_case(partner: PartnerIdentity, reference: str) -> Case | None:
    """The case that this partner brought in under `reference`.

    The partner's row is locked until the transaction ends: of two equal requests at once the second finds the
    case of the first.
    """
    db.session.execute(select(Partner.id).where(Partner.id == partner.id).with_for_update())
    return db.session.scalar(
        select(Case)
        .join(PartnerCase, PartnerCase.case_id == Case.id)
        .where(PartnerCase.partner_id == partner.id, PartnerCase.reference == reference)
    )


def link_case(
    partner: PartnerIdentity, case: Case, reference: str, consultation: Mapping[str, Any] | None = None
) -> None:
    """Stores that `partner` brought in `case`, so that the partner is told of its progress."""
    db.session.add(
        PartnerCase(
            case_id=case.id,
            partner_id=partner.id,
            reference=reference,
            consultation=dict(consultation) if consultation is not None else None,
            received_at=clock.now(),
        )
    )
    db.session.flush()


def partner_answer(case: Case, reference: str, *, repeated: bool) -> PartnerAnswer:
    """The answer about a case of this partner."""
    manager = db.session.get_one(Staff, case.manager_id)
    due_at = db.session.scalar(
        select(Stage.due_at)
        .where(Stage.case_id == case.id, Stage.completed_at.is_(None), Stage.due_at.is_not(None))
        .order_by(Stage.due_at)
        .limit(1)
    )
    return PartnerAnswer(case.number, reference, case.state, repeated, due_at, manager.name, manager.phone)


def progress_of(partner: PartnerIdentity, number: str) -> progress.Answer:
    """The brief progress of a case that this partner brought in. Raises `NotFoundError` for any other."""
    reference = db.session.scalar(
        select(PartnerCase.reference)
        .join(Case, Case.id == PartnerCase.case_id)
        .where(PartnerCase.partner_id == partner.id, Case.number == number)
    )
    found = snapshot_query.record_of_number(number) if reference is not None else None
    if found is None:
        raise NotFoundError("没有找到该业务编号，请核对后重试。")
    return {**progress.brief_progress(found), "reference": reference}
