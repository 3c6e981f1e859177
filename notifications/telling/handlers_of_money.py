"""Who is told of sums and papers: the customer that something waits for them, staff that it is done."""

from app.core import clock
from app.domain import events
from app.services.event_views import cases
from app.services.installation import city
from app.services.people import recipients as addressees
from notifications.outbox.outbox import Occasion, Recipient, enqueue
from notifications.telling.values import Speech
from notifications.wording import catalog
from notifications.wording.kinds import Audience, Kind


def quote_issued(event: events.QuoteIssued) -> None:
    """The customer learns that there is something to choose."""
    _tell_customer(Kind.QUOTE_READY, event.case_id, event.quote_id)


def quote_chosen(event: events.QuoteChosen) -> None:
    """The manager may go on; a choice that is changed later is not told again."""
    _tell_staff(Kind.QUOTE_CHOSEN, event.case_id, event.quote_id, [cases.case(event.case_id).acting])


def paper_made(event: events.PaperMade) -> None:
    """The customer learns that there is a paper to read and confirm."""
    _tell_customer(Kind.PAPER_READY, event.case_id, event.paper_id)


def paper_confirmed(event: events.PaperConfirmed) -> None:
    """The manager, and whoever made the paper and perhaps stands at the customer's door."""
    people = [addressees.member(event.staff_id), cases.case(event.case_id).acting]
    _tell_staff(Kind.PAPER_CONFIRMED, event.case_id, event.paper_id, people)


def _tell_customer(kind: Kind, case_id: str, key: str) -> None:
    brief = cases.case(case_id)
    # A case may have been opened for somebody who has not logged in yet.
    if brief.customer_id is None:
        return
    to = Recipient(Audience.CUSTOMER, brief.customer_id, brief.customer_openid, brief.customer_service_openid)
    enqueue(Occasion(kind, key, case_id, _values(brief)), [to])


def _tell_staff(kind: Kind, case_id: str, key: str, people: list[addressees.PersonBrief]) -> None:
    recipients = {
        person.staff_id: Recipient(Audience.STAFF, person.staff_id, person.openid, person.service_openid)
        for person in people
    }
    enqueue(Occasion(kind, key, case_id, _values(cases.case(case_id))), list(recipients.values()))


def _values(brief: cases.CaseBrief) -> dict[str, str]:
    return Speech(catalog.current().wording, city.working_time().zone, clock.now()).of_case(brief)
