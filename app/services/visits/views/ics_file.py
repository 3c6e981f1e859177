"""A visit as a calendar file (iCalendar, RFC 5545), for the customer's calendar and for the visitors'."""

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import ConflictError
from app.models import Case, Visit, VisitState
from app.services.installation import city
from app.services.visits.views import visit_queries

if TYPE_CHECKING:
    from icalendar import Alarm

# What was moved is not: the entry of the same UID follows it.
_CALLED_OFF = frozenset({VisitState.CANCELLED, VisitState.EXPIRED, VisitState.NO_SHOW})


def of_visit(case: Case, visit: Visit) -> bytes:
    """The file. A moved visit keeps its UID with a higher SEQUENCE, so that a calendar moves its entry.

    The position is that of WeChat's map and says so in its name: GEO is for WGS-84, and would show the
    wrong house. Raises `ConflictError` for a time that is only held: nobody may come then.
    """
    # Imported here: few processes are ever asked for one.
    from icalendar import Calendar, Event

    if visit.state == VisitState.HELD:
        raise ConflictError("该时间尚未确认，请先确认预约。")
    bundle = city.current()
    where = visit_queries.where(case, visit)
    called_off = visit.state in _CALLED_OFF
    calendar = Calendar()
    calendar.add("prodid", f"-//{bundle.city.utility}//visits//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if called_off else "PUBLISH")
    event = Event()
    event.add("uid", f"{visit.chain_id}@water-steward")
    # What called a visit off is a change of it, too.
    event.add("sequence", visit.sequence + called_off)
    event.add("dtstamp", visit.ended_at or visit.confirmed_at or visit.created_at)
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
