"""Answering a phone that asks for news of a conversation: 304 when there is none, and when to ask again."""

import re
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import Response, jsonify, request

from app.services.conversations.views.polling import News, Page
from app.services.installation import city
from miniprogram_api.schemas.conversations import MessagesOut

ASK_AGAIN = "X-Ask-Again"
"""Seconds until the phone should ask again; also on an answer without a body."""


V = TypeVar("V", bound=Callable[..., Any])

_PLAIN = re.compile(rb"after=([0-9]{1,15})")

USUAL = 50
"""How many messages are told at once, unless somebody asks for another number."""

END = 2**53
"""Before this number lies every message: the last page."""

RESPONSES = {int(HTTPStatus.NOT_MODIFIED): "没有新消息；X-Ask-Again为再次查询前的秒数"}
"""For the API's document."""


def plainly(read: Callable[[str, int], Any]) -> Callable[[V], V]:
    """Answer a phone that asks `?after=N` and nothing else by `read`, without a pass through the schema.

    That is what every open phone asks all day. Whatever else is asked goes to the view, which checks it.
    Stands directly under the view's route; `read` gets the address's one identifier and N.
    """

    def decorate(view: V) -> V:
        @wraps(view)
        def answer(**address: str) -> Any:
            asked = _PLAIN.fullmatch(request.query_string)
            if asked is None:
                return view(**address)
            (identifier,) = address.values()
            return read(identifier, int(asked[1]))

        return cast("V", answer)

    return decorate


def told(news: News) -> Response:
    """The answer: the news, or 304 when the phone knows all of it (its ETag, and no message since)."""
    etag = f'"{news.etag}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", ASK_AGAIN: str(news.ask_again)}
    if not news.items and etag in request.headers.get("If-None-Match", ""):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = {name: getattr(news, name) for name in _TOLD} | {"before": None}
    answer = jsonify(_SHAPE.dump(body))
    answer.headers.extend(headers)
    return answer


_SHAPE = MessagesOut()
_TOLD = ("items", "cursor", "more", "ask_again", "writing", "delivered", "read", "own_read")


def paged(page: Page) -> dict[str, Any]:
    """The answer with a page of what was said before."""
    return asdict(page) | {"more": False, "ask_again": city.current().talk.asking.idle, "writing": False}
