"""Answering a phone that asks for news of a conversation: 304 when there is none, and when to ask again."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Response, request

from app.services import city
from app.services.conversations.reading import News, Page

ASK_AGAIN = "X-Ask-Again"
"""Seconds until the phone should ask again; also on an answer without a body."""


END = 2**53
"""Before this number lies every message: the last page."""

RESPONSES = {int(HTTPStatus.NOT_MODIFIED): "没有新消息；X-Ask-Again为再次查询前的秒数"}
"""For the API's document."""


def told(news: News) -> Any:
    """The answer: the news, or 304 when the phone knows all of it (its ETag, and no message since)."""
    etag = f'"{news.etag}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", ASK_AGAIN: str(news.ask_again)}
    if not news.items and etag in request.headers.get("If-None-Match", ""):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = {name: getattr(news, name) for name in _TOLD} | {"before": None}
    return body, HTTPStatus.OK, headers


_TOLD = ("items", "cursor", "more", "ask_again", "writing", "delivered", "read", "own_read")


def paged(page: Page) -> dict[str, Any]:
    """The answer with a page of what was said before."""
    return asdict(page) | {"more": False, "ask_again": city.current().talk.asking.idle, "writing": False}
