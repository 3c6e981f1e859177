"""The simulator's console: every message as the phone would show it, faults to inject, the clock."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import current_app, render_template

from app.core import clock
from app.domain.errors import ConflictError, FieldsError
from app.services.cases.flow import promise_watches
from app.services.people import openids
from app.services.timers import firing
from app.services.visits.changes import visit_sweep as visits
from app.wechat.simulator.desk import Desk
from miniprogram_api.schemas.dev import ClockIn, CodesIn, FaultIn
from notifications.oversight import morning_digest, notice_queries

# Warnings about promises and reminders of visits are due at a time, as the timers of tasks are, and so are
# the morning's message and what waits for the end of the night. Moving the clock must skip none of them.
_TIMED = (firing.QUEUE, promise_watches.QUEUE, *visits.QUEUES)

console = APIBlueprint(
    "dev_console", __name__, url_prefix="/dev", template_folder="templates", enable_openapi=False
)


@console.get("/")
def show() -> str:
    """The console page. It calls the endpoints below."""
    return render_template("console.html")


@console.get("/messages")
def messages() -> dict[str, Any]:
    """Every message that reached a (simulated) phone, in order, with its recipient's name."""
    items = _desk().ask("GET", "messages")
    names = openids.owners_of({item["openid"] for item in items})
    return {
        "items": [{**item, "to": names.get(item["openid"], item["openid"])} for item in items],
        "now": clock.now().isoformat(),
    }


@console.post("/codes")
@console.input(CodesIn)
def give_codes(json_data: dict[str, Any]) -> dict[str, Any]:
    """Login and phone codes of a fictional person, for logging in by hand."""
    try:
        codes: dict[str, Any] = _desk().ask("POST", "codes", {"user": json_data})
    except ValueError as fault:
        raise FieldsError([{"field": "user", "code": "invalid", "message": str(fault)}]) from fault
    return codes


@console.get("/faults")
def list_faults() -> dict[str, Any]:
    """The faults of the simulator's next answers."""
    return {"items": _desk().ask("GET", "faults")}


@console.post("/faults")
@console.input(FaultIn)
def inject_fault(json_data: dict[str, Any]) -> dict[str, Any]:
    """Make the next calls of one path fail."""
    try:
        return {"items": _desk().ask("POST", "faults", json_data)}
    except ValueError as fault:
        raise FieldsError([{"field": "fault", "code": "invalid", "message": str(fault)}]) from fault


@console.delete("/faults")
def clear_faults() -> dict[str, Any]:
    """Remove all faults."""
    return {"items": _desk().ask("DELETE", "faults")}


@console.get("/clock")
def read_clock() -> dict[str, Any]:
    """The demo's time, the next due time, and how much the jobs process still has to do at this time."""
    now, morning = clock.now(), morning_digest.next_due()
    dues = (morning, notice_queries.next_message(), *(queue.next_due() for queue in _TIMED))
    upcoming = [due for due in dues if due is not None]
    return {
        "now": now.isoformat(),
        "next_timer": min(upcoming).isoformat() if upcoming else None,
        "timers_due": sum(queue.pending() for queue in _TIMED) + (morning <= now),
        "messages_waiting": notice_queries.waiting_now(),
    }


@console.put("/clock")
@console.input(ClockIn)
def set_clock(json_data: dict[str, datetime]) -> dict[str, Any]:
    """Set the clock of every process of the demo."""
    source = clock.in_use()
    if not isinstance(source, clock.FileClock):
        raise ConflictError("当前运行环境使用系统时钟，不能调整时间。")
    source.set(json_data["now"])
    return read_clock()


def _desk() -> Desk:
    desk: Desk = current_app.extensions["steward.desk"]
    return desk
