"""Idempotency-Key for POSTs of signed-in people: a repeated request gets the answer of the first.

A customer's POST needs a key, since phones repeat what a bad network swallowed; that of staff may have one.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from operator import itemgetter
from typing import Any, TypeVar

from flask import Response, current_app, g, request

from app.core.atomic import release_connection
from app.domain.errors import ConflictError, IdempotencyError
from app.services.operations import idempotency
from app.services.operations.idempotency import KeptAnswer
from miniprogram_api.flask_app import only_reads_now
from miniprogram_api.guards import caller
from miniprogram_api.problems import of_refusal, problem

HEADER = "Idempotency-Key"
_KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{8,64}")
FIRST_FAILURE = 400
_KEPT_TYPES = ("application/json", "text/html")
"""Flask calls an empty answer HTML."""

_PIECE = 64 * 1024

V = TypeVar("V", bound=Callable[..., Any])


def answers_anew(view: V) -> V:
    """Mark a POST that is never answered from what was kept, because each read of personal data is recorded.

    Place it directly under the route.
    """
    view.answers_anew = True  # type: ignore[attr-defined]
    return view


def replay_answer() -> Response | None:
    """Before a customer's view: the stored answer, if this key has been answered already.

    Raises `IdempotencyError` when the key is missing, malformed, or belongs to another request.
    """
    if request.method != "POST":
        return None
    key = request.headers.get(HEADER, "")
    if not _KEY_PATTERN.fullmatch(key):
        raise IdempotencyError(f"缺少请求标识，请升级小程序后重试（{HEADER}）。")
    g.idempotency = (key, idempotency.fingerprint(request.method, request.path, _content()))
    return _stored_answer()


def replay_answer_if_asked() -> Response | None:
    """Before a view of staff: as `replay_answer`, for a request that has a key.

    A POST that only reads, or whose every read is recorded, is carried out each time.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if HEADER not in request.headers or only_reads_now() or getattr(view, "answers_anew", False):
        return None
    return replay_answer()


def store_answer(response: Response) -> Response:
    """After the view: store a successful answer in the transaction of its change.

    Of two requests with one key at the same moment the database lets one store its answer. The other is
    rolled back. It returns the answer of the first, or is refused when it asked for something else.
    """
    if "idempotency" not in g or response.status_code >= FIRST_FAILURE or g.get("repeated", False):
        return response
    if response.is_streamed or response.mimetype not in _KEPT_TYPES:
        # A paper is the same each time it is read.
        return response
    key, print_ = g.idempotency
    answer = KeptAnswer(response.status_code, response.get_data(as_text=True))
    try:
        idempotency.store_answer(caller().subject_id, key, print_, answer)
    except idempotency.AnsweredMeanwhileError:
        release_connection()
        try:
            return _stored_answer() or _answer_gone()
        except IdempotencyError as refusal:
            # After the view Flask hands a refusal to nobody who could answer it.
            return of_refusal(refusal)
    return response


def _content() -> Iterator[Any]:
    """What is asked for: the value of JSON, or the fields, names and hashes of a form with files.

    Neither the order and blanks of JSON nor the boundary of a form says anything about it.
    """
    yield g.get("json_value")
    if request.mimetype == "multipart/form-data":
        yield sorted(request.form.items(multi=True))
        for field, file in sorted(request.files.items(multi=True), key=itemgetter(0)):
            digest = hashlib.sha256()
            while piece := file.stream.read(_PIECE):
                digest.update(piece)
            file.stream.seek(0)
            yield [field, file.filename, digest.hexdigest()]


def _answer_gone() -> Response:
    # The stored answer was deleted between two statements. That is all but impossible, and it is no success.
    return problem(HTTPStatus.CONFLICT, ConflictError.code, ConflictError.title, "请重新提交。")


def _stored_answer() -> Response | None:
    key, print_ = g.idempotency
    stored = idempotency.earlier_answer(caller().subject_id, key, print_)
    if stored is None:
        return None
    g.repeated = True
    return Response(stored.body, status=stored.status, mimetype="application/json")
