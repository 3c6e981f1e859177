"""The address of a case changed: what was copied from it when its visits were booked is out of date."""

from sqlalchemy import select, update

from app.core import clock, eventbus
from app.core.db import db
from app.domain.events import VisitPlaceChanged
from app.domain.visit_rules import Place
from app.models import Case, Visit, VisitState
from app.services.installation import city


def place_changed(application_id: str) -> None:
    """Tells the crews of confirmed visits to the site; calendar files get newer than the copies."""
    on_site = [key for key, purpose in city.current().visits.purposes.items() if purpose.place is Place.SITE]
    db.session.flush()
    changed = db.session.scalars(
        update(Visit)
        .where(
            Visit.case_id.in_(select(Case.id).where(Case.application_id == application_id)),
            Visit.state == VisitState.CONFIRMED,
            Visit.purpose.in_(on_site),
        )
        .values(sequence=Visit.sequence + 1, changed_at=clock.now())
        .returning(Visit.id)
        .execution_options(synchronize_session=False)
    ).all()
    for visit_id in sorted(changed):
        eventbus.publish(VisitPlaceChanged(visit_id))
