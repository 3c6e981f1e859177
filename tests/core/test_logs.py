"""Log lines: JSON, with the request they belong to, and without anybody's phone."""

import json
import logging
import sys
from typing import Any

import pytest

from app.core import logs
from app.core.logs import JsonFormatter, message_id, request_id, scrub


def line(message: str, *args: object, **extra: object) -> Any:
    record = logging.makeLogRecord(
        {"name": "app", "levelname": "INFO", "msg": message, "args": args, **extra}
    )
    return json.loads(JsonFormatter().format(record))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call 13800000001 now", "call 138******01 now"),
        ("+8613800000001", "+86138******01"),
        ("8613800000001", "86138******01"),
        ("13800000001,13912345678", "138******01,139******78"),
        ("电话13800000001。", "电话138******01。"),
        # Not a phone: a case number, a longer run of digits, an instant in microseconds.
        ("26091812345678", "26091812345678"),
        ("1380000000", "1380000000"),
        ("138000000012", "138000000012"),
    ],
)
def test_a_phone_is_masked_wherever_it_stands(text: str, shown: str) -> None:
    assert scrub(text) == shown


def test_a_line_says_who_when_and_for_which_request() -> None:
    token = request_id.set("abc-123")
    try:
        told = line("job %s failed", "timers", job="timers")
    finally:
        request_id.reset(token)
    assert told["message"] == "job timers failed"
    assert (told["request"], told["job"], told["level"], told["logger"]) == (
        "abc-123",
        "timers",
        "INFO",
        "app",
    )
    assert told["at"].endswith("+00:00")


def test_extra_fields_and_exceptions_are_masked_too() -> None:
    try:
        raise ValueError("13800000001 is no staff")
    except ValueError:
        told = line("failed", who="13800000001", exc_info=sys.exc_info())
    assert told["who"] == "138******01"
    assert "138******01 is no staff" in told["exception"]
    assert "13800000001" not in json.dumps(told)


def test_what_json_can_not_carry_is_told_as_text() -> None:
    assert line("odd", thing={1})["thing"] == "{1}"
    assert line("half a character: \ud800")["message"].startswith("half a character")


def test_a_hidden_secret_stands_in_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_secrets", set())
    logs.hide("app-secret-1f0e", "")

    assert logs.scrub("url?secret=app-secret-1f0e&x=1") == "url?secret=***&x=1"


def test_values_that_postgresql_names_in_a_fault_are_left_out() -> None:
    try:
        raise ValueError(
            'null value in column "kind"\nDETAIL:  Failing row contains (1, 演示食品厂, o_secret).'
        )
    except ValueError:
        told = line("failed", exc_info=sys.exc_info())
    assert "null value" in told["exception"]
    assert "演示食品厂" not in told["exception"]


def test_whatever_a_thread_logs_while_it_sends_carries_the_messages_id() -> None:
    assert "message_id" not in line("renewing the token")
    token = message_id.set("message-1")
    try:
        assert line("renewing the token")["message_id"] == "message-1"
    finally:
        message_id.reset(token)
