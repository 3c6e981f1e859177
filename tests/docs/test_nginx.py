"""The nginx configuration that is shipped: balanced, whole, and speaking as the product does."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.domain.errors import TooManyAttemptsError
from app.domain.file_types import LARGEST_FILE
from miniprogram_api.flask_app import LARGEST_UPLOAD
from miniprogram_api.problems import standard_problem

CONFIGURATION = (Path(__file__).parents[2] / "deploy" / "nginx.conf").read_text(encoding="utf-8")
_TOKEN = re.compile(r"""\s+|\#[^\n]*|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[{};]|[^\s{};'"]+""")
_MEGABYTE = 1024 * 1024

Block = list[tuple[list[str], "Block"]]


def parsed(text: str) -> Block:
    """The directives of a configuration; each is its words and what stands in its braces."""
    top: Block = []
    open_blocks, place = [top], 0
    words: list[str] = []
    while place < len(text):
        found = _TOKEN.match(text, place)
        assert found, text[place : place + 40]
        place, token = found.end(), found[0]
        if token.isspace() or token.startswith("#"):
            continue
        if token in "{;":
            inner: Block = []
            open_blocks[-1].append((words, inner))
            words = []
            if token == "{":
                open_blocks.append(inner)
        elif token == "}":
            open_blocks.pop()
        else:
            words = [*words, token[1:-1] if token[0] in "'\"" else token]
    assert len(open_blocks) == 1
    assert words == []
    return top


SERVER = next(inner for words, inner in parsed(CONFIGURATION) if words == ["server"])
PLACES = {words[-1]: inner for words, inner in SERVER if words[0] == "location"}


def values(block: Block, name: str) -> list[list[str]]:
    return [words[1:] for words, _ in block if words[0] == name]


@pytest.mark.parametrize("status", [408, 413, 429, 503, 504])
def test_what_it_answers_itself_is_a_problem_document(status: int) -> None:
    place = next(words[-1] for words in values(SERVER, "error_page") if str(status) in words)
    block = PLACES[place]
    assert values(block, "default_type") == [["application/problem+json"]]
    ((code, text),) = values(block, "return")
    problem: dict[str, Any] = orjson.loads(text)
    assert int(code) == problem["status"] == status
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem["request_id"] == "$request_id"
    if status in {429, 503, 504}:
        assert values(block, "add_header") == [["Retry-After", "5", "always"]]


@pytest.mark.parametrize("status", [408, 413, 503, 504])
def test_it_says_the_same_as_the_product(status: int) -> None:
    place = next(words[-1] for words in values(SERVER, "error_page") if str(status) in words)
    said = orjson.loads(values(PLACES[place], "return")[0][1])
    ours = orjson.loads(standard_problem(status).get_data())
    assert {**said, "request_id": ""} == {**ours, "request_id": ""}


def test_too_often_has_the_products_code() -> None:
    said = orjson.loads(values(PLACES["@often"], "return")[0][1])
    assert (said["code"], said["title"]) == (TooManyAttemptsError.code, TooManyAttemptsError.title)


def test_a_person_is_limited_by_token_and_an_office_only_widely() -> None:
    top = parsed(CONFIGURATION)
    zones = {words[2].split("=")[1].split(":")[0]: words for words, _ in top if words[0] == "limit_req_zone"}
    rates = {name: int(words[3].removeprefix("rate=").removesuffix("r/s")) for name, words in zones.items()}
    assert zones["people"][1] == "$person"
    assert zones["addresses"][1] == "$binary_remote_addr"
    assert rates["addresses"] >= 10 * rates["people"]
    (choice,) = (inner for words, inner in top if words[0] == "map")
    assert {words[0]: words[1] for words, _ in choice} == {
        "": "$binary_remote_addr",
        "default": "$http_authorization",
    }
    assert {words[0] for words in values(PLACES["/api/"], "limit_req")} == {"zone=people", "zone=addresses"}
    for name in ("limit_req_status", "limit_conn_status"):
        assert values(top, name) == [["429"]]


def test_it_takes_bodies_and_answers_whole_and_compresses_what_shrinks() -> None:
    assert values(SERVER, "proxy_request_buffering") == values(SERVER, "proxy_buffering") == [["on"]]
    assert values(SERVER, "gzip") == [["on"]]
    assert {"application/json", "application/problem+json"} <= set(values(SERVER, "gzip_types")[0])
    for name in ("client_header_timeout", "client_body_timeout", "send_timeout"):
        assert len(values(SERVER, name)) == 1


def test_it_lets_the_largest_upload_through() -> None:
    ((size,),) = values(SERVER, "client_max_body_size")
    assert LARGEST_FILE < LARGEST_UPLOAD <= int(size.removesuffix("m")) * _MEGABYTE


def test_the_products_own_refusals_go_through() -> None:
    assert values(SERVER, "proxy_intercept_errors") == [["off"]]
