"""An answer that is a calendar file (ICS)."""

from typing import Any

from flask import Response

CALENDAR_ANSWER: dict[Any, Any] = {
    200: {"description": "iCalendar", "content": {"text/calendar": {"schema": {"type": "string"}}}},
    409: "尚未确认",
}
"""What a view that answers with a calendar file says of itself in the OpenAPI document."""


def calendar_file(content: bytes) -> Response:
    """A file that the phone's calendar opens."""
    answer = Response(content, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return answer
