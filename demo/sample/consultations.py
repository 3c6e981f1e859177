"""The partner platform of the sample, and the 设计方案意见征询 that it sends."""

from sqlalchemy import select

from app.core.db import db
from app.models import Case, Partner
from app.services.partners import partner_registry
from app.services.partners.partner_registry import Capability, NewPartner
from app.services.partners.receive_consultation import TOLD, Consultation, receive_consultation
from app.services.partners.request_signatures import PartnerIdentity
from demo.sample.plan import PlannedCase, PlannedPartner


def enrol(planned: PlannedPartner) -> None:
    """Enter the platform, which may do everything, in the caller's transaction."""
    capabilities = tuple(capability.value for capability in Capability)
    wanted = NewPartner(planned.key, planned.name, planned.channel_name, capabilities, webhook_url=None)
    partner_registry.add(wanted, simulated=True)


def send(planned: PlannedPartner, case: PlannedCase) -> str:
    """The platform asks about a design; the id of the case that this opens in early service."""
    partner = db.session.scalars(select(Partner).where(Partner.key == planned.key)).one()
    who = PartnerIdentity(partner.id, partner.key, partner.channel_name, partner.capabilities)
    taken = receive_consultation(
        who,
        Consultation(
            reference=f"演示-{case.customer.key}",
            program=case.program,
            told={key: case.answers[key] for key in TOLD},
            planned_facilities=case.consultation or (),
        ),
    )
    return db.session.scalars(select(Case.id).where(Case.number == taken.number)).one()
