"""Structured logs: one JSON line per record, with the ids of request and message, never with personal data.

Callers log ids and codes. As a second safeguard, anything that looks like a mainland mobile number
is masked on its way out, whoever wrote it.
"""

import json
import logging
import re
from contextvars import ContextVar

from app.core import clock

NO_REQUEST = "-"
request_id: ContextVar[str] = ContextVar("request_id", default=NO_REQUEST)
message_id: ContextVar[str | None] = ContextVar("message_id", default=None)
"""The message that a thread is sending; every log line written meanwhile carries its id."""

# In these lines PostgreSQL quotes the values of a row.
_VALUES = re.compile(r"^(DETAIL|CONTEXT):.*$", re.MULTILINE)
_MOBILE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


_secrets: set[str] = set()


def hide(*secrets: str) -> None:
    """Keep these values out of every log line of this process."""
    _secrets.update(secret for secret in secrets if secret)


def scrub(text: str) -> str:
    """`text` with every mobile number masked and every hidden secret taken out."""
    for secret in _secrets:
        text = text.replace(secret, "***")
    return _MOBILE.sub(lambda found: found.group()[:-8] + "******" + found.group()[-2:], text)


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; extra fields given by the caller are kept."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, scrubbed."""
        line: dict[str, object] = {
            "at": clock.now().isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "request": request_id.get(),
            "message": record.getMessage(),
        }
        if (message := message_id.get()) is not None:
            line["message_id"] = message
        line |= {key: value for key, value in record.__dict__.items() if key not in _OWN}
        if record.exc_info:
            line["exception"] = _VALUES.sub(r"\1: ***", self.formatException(record.exc_info))
        # Not by orjson, which refuses a lone surrogate; a line that contains one must not be lost.
        return scrub(json.dumps(line, default=str, ensure_ascii=False)).encode("utf-8", "replace").decode()


def configure(level: str) -> None:
    """Send every log of this process to standard error as JSON lines, from `level` up."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # These two log every job run and every request; the product's own lines say it better. That a tick finds
    # the previous run still working is normal during a backlog, and no reason for a warning.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
