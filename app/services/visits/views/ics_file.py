"""A visit as a calendar file (iCalendar, RFC 5545), for customers and visitors."""

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import ConflictError
from app.models import Case, Visit, VisitState
from app.services.installation import city
from app.services.visits.views import visit_queries

if TYPE_CHECKING:
    from icalendar import Alarm

# A moved visit is not cancelled in the calendar: its successor has the same UID.
_CALLED_OFF = frozenset({VisitState.CANCELLED, VisitState.EXPIRED, VisitState.NO_SHOW})


def ics_of_visit(case: Case, visit: Visit, *, masked: bool = False) -> bytes:
    """Returns the file. A moved visit keeps its UID with a higher SEQUENCE, so that calendars move the entry;
    so does one whose address changed.

    The position is GCJ-02 and named so: GEO is WGS 84 and would show the wrong house. `masked`: the address
    as in lists, without the position, since a calendar leaves the phone and no read of it is recorded.
    Raises `ConflictError` for a visit that is only held.
    """
    # Imported here: few processes ever need it.
    from icalendar import Calendar, Event

    if visit.state == VisitState.HELD:
        raise ConflictError("该时间尚未确认，请先确认预约。")
    bundle = city.current()
    place = visit_queries.where(case, visit)
    where = visit_queries.masked_place(place) if masked else place
    called_off = visit.state in _CALLED_OFF
    calendar = Calendar()
    calendar.add("prodid", f"-//{bundle.city.utility}//visits//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if called_off else "PUBLISH")
    event = Event()
    event.add("uid", f"{visit.chain_id}@water-steward")
    # A cancellation is a further change of the entry.
    event.add("sequence", visit.sequence + called_off)
    event.add("dtstamp", visit.ended_at or visit.changed_at or visit.confirmed_at or visit.created_at)
    event.add("dtstart", visit.starts_at)
    event.add("dtend", visit.ends_at)
    event.add("summary", f"{visit_queries.purpose_name(visit)}（{bundle.city.utility}）")
    event.add("location", where.address)
    event.add("status", "CANCELLED" if called_off else "CONFIRMED")
    names = "、".join(
        f"{visitor.name}（{visitor.department}）" for visitor in visit_queries.visitors(visit.id)
    )
    event.add("description", f"业务编号：{case.number}\n上门人员：{names}\n服务热线：{bundle.city.hotline}")
    if where.position is not None:
        event.add("x-position-gcj02", f"{where.position.latitude};{where.position.longitude}")
    if not called_off:
        event.add_component(_alarm(bundle.visits.shortly_before))
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _alarm(before: timedelta) -> "Alarm":
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", "上门预约提醒")
    alarm.add("trigger", -before)
    return alarm
