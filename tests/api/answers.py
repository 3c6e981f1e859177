"""Checks of an answer: the JSON of a success, or the problem document of a refusal."""

import re
from typing import Any

from werkzeug.test import TestResponse

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LEAKS = ("Traceback", "sqlalchemy", "psycopg", "sqlite", 'File "')


def json_of(answer: TestResponse) -> Any:
    """The JSON of a success."""
    assert answer.status_code in {200, 201}, answer.text
    return answer.json


def refused(answer: TestResponse, status: int, code: str) -> Any:
    """The problem document of a refusal, checked to be one (RFC 9457) that a customer can read."""
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.text
    problem = answer.json
    assert problem is not None
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/problems/{code}")
    for text in (problem["title"], problem["detail"]):
        assert _CHINESE.search(text), text
    for error in problem.get("errors", ()):
        assert _CHINESE.search(error["message"]), error
    assert not any(leak in answer.text for leak in _LEAKS)
    assert problem["request_id"]
    return problem
