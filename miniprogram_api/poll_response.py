"""Answers to polling a conversation: 304 when nothing has changed, and when to poll again."""

import re
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import Response, jsonify, request

from app.services.conversations.views.polling import Changes, Page
from app.services.installation import city
from miniprogram_api.schemas.conversations import MessagesOut

POLL_AGAIN = "X-Ask-Again"
"""Header: seconds until the client should poll again. Also on an answer without a body."""


V = TypeVar("V", bound=Callable[..., Any])

_AFTER_ONLY = re.compile(rb"after=([0-9]{1,15})")

DEFAULT_LIMIT = 50
"""How many messages one answer has, unless the client asks for another number."""

NEWEST_PAGE = 2**53
"""As `before`: every message has a smaller number, so this is the newest page."""

RESPONSES = {int(HTTPStatus.NOT_MODIFIED): "没有新消息；X-Ask-Again为再次查询前的秒数"}
"""For the OpenAPI document."""


def fast_poll(read: Callable[[str, int], Any]) -> Callable[[V], V]:
    """Answer the query `?after=N` alone by `read`, without parsing it through the schema.

    Every open client sends this query all day. Any other query goes to the view, which checks it. Place it
    directly under the view's route; `read` gets the one identifier of the path, and N.
    """

    def decorate(view: V) -> V:
        @wraps(view)
        def answer(**address: str) -> Any:
            match = _AFTER_ONLY.fullmatch(request.query_string)
            if match is None:
                return view(**address)
            (identifier,) = address.values()
            return read(identifier, int(match[1]))

        return cast("V", answer)

    return decorate


def poll_answer(news: Changes) -> Response:
    """The changes, or 304 when the client has them all: its ETag matches and no message is new."""
    etag = f'"{news.etag}"'
    headers = {"ETag": etag, POLL_AGAIN: str(news.ask_again)}
    if not news.items and etag in request.headers.get("If-None-Match", ""):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = {name: getattr(news, name) for name in _FIELDS} | {"before": None}
    answer = jsonify(_SCHEMA.dump(body))
    answer.headers.extend(headers)
    return answer


_SCHEMA = MessagesOut()
_FIELDS = ("items", "cursor", "more", "ask_again", "writing", "delivered", "read", "own_read")


def page_answer(page: Page) -> dict[str, Any]:
    """The body of an answer with a page of earlier messages."""
    return asdict(page) | {"more": False, "ask_again": city.current().talk.asking.idle, "writing": False}
