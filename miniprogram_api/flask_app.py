"""The Flask application: one transaction per request, JSON by orjson, checks of every request body."""

import re
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

import orjson
from apiflask import APIFlask
from flask import Response, current_app, g, request
from flask.json.provider import JSONProvider
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from app.core.atomic import atomic
from app.core.logs import request_id
from app.domain.errors import FieldsError
from app.domain.file_types import LARGEST_FILE
from miniprogram_api import body_shape

READS = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_BODY = 256 * 1024
# A file, and what multipart adds around it.
LARGEST_UPLOAD = LARGEST_FILE + 64 * 1024
FIRST_FAILURE = 400
REQUEST_ID = "X-Request-Id"
PUBLIC_ASSETS = "docs.static"
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


V = TypeVar("V", bound=Callable[..., Any])


class OrjsonProvider(JSONProvider):
    """JSON by orjson. It is fast, and refuses invalid UTF-8, NaN and lone surrogates."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        """`obj` as a JSON text."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        """The value of a JSON text. Raises `orjson.JSONDecodeError`, a `ValueError`."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """A JSON response."""
        return Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


class StewardApp(APIFlask):
    """Flask with one transaction around everything that a request does."""

    json_provider_class = OrjsonProvider

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """`func` as it is: nothing here is asynchronous, and asking each hook takes time."""
        return func

    def full_dispatch_request(self) -> Response:
        """Commit when the answer is a success, roll back when it is a refusal or an error.

        The commit comes before the answer is sent: a client never sees a success that is not stored.
        """
        given = request.headers.get(REQUEST_ID, "")
        # The id that a proxy gave the request, if it is plain enough for a log.
        token = request_id.set(given if _PLAIN_ID.fullmatch(given) else uuid4().hex)
        try:
            with atomic(read_only=only_reads_now()) as transaction:
                response: Response = super().full_dispatch_request()
                response.headers[REQUEST_ID] = request_id.get()
                _protect(response)
                if response.status_code >= FIRST_FAILURE and not g.get("keep_changes", False):
                    transaction.mark_for_rollback()
                return response
        finally:
            request_id.reset(token)


def _protect(response: Response) -> None:
    """No cache keeps an answer, and no browser guesses its type; only the assets of `/docs` may be kept.

    Said of every answer, also of a refusal: a new route can't forget it.
    """
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.endpoint != PUBLIC_ASSETS:
        response.headers["Cache-Control"] = "no-store"


def only_reads(view: V) -> V:
    """Mark a POST that changes nothing, such as a search whose words must not appear in an address.

    It gets a read-only transaction, as a GET does. Place it directly under the route.
    """
    view.only_reads = True  # type: ignore[attr-defined]
    return view


def only_reads_now() -> bool:
    """Whether the request under way changes nothing, by its method or by its view."""
    view = current_app.view_functions.get(request.endpoint or "")
    return request.method in READS or getattr(view, "only_reads", False)


def takes_file(view: V) -> V:
    """Mark a view whose body is a form with a file, not JSON. Place it directly under the route."""
    view.takes_file = True  # type: ignore[attr-defined]
    return view


def check_body() -> None:
    """Refuse a body that is not JSON, is malformed or is too large, before any guard or view.

    Raises werkzeug's 400, 413 and 415, which become problem documents, and `FieldsError` for a body with far
    more fields than any schema has. No more than `LARGEST_BODY` is read:
    a chunked body has no Content-Length, and must not fill the memory before it is refused.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "takes_file", False):
        # Only here may a body be large and not JSON. The view checks the file itself.
        request.max_content_length = LARGEST_UPLOAD
        if request.mimetype != "multipart/form-data":
            raise UnsupportedMediaType
        return
    # One more than allowed, because werkzeug cuts an endless body off without saying so.
    request.max_content_length = LARGEST_BODY + 1
    if request.method in READS or not request.path.startswith(("/api/", "/dev/")):
        return
    body = request.get_data(cache=True)
    if len(body) > LARGEST_BODY:
        raise RequestEntityTooLarge
    if not body:
        return
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    g.json_value = _checked(body)


def _checked(body: bytes) -> dict[str, Any]:
    """The JSON object of a body that is not too much for a schema."""
    if body_shape.is_surely_too_much(body):
        raise _too_many()
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise BadRequest from fault
    if not isinstance(value, dict):
        raise BadRequest
    if body_shape.is_too_much(value):
        raise _too_many()
    return value


def _too_many() -> FieldsError:
    said = "提交的项目过多，请精简后重试。"
    return FieldsError([{"field": "", "code": "too_many", "message": said}], said)
