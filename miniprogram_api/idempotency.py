"""Idempotency-Key for every POST of a signed-in customer: a repeated request gets the answer of the first."""

import re
from http import HTTPStatus

from flask import Response, g, request

from app.core.atomic import release_connection
from app.domain.errors import ConflictError, IdempotencyError
from app.services.operations import idempotency
from app.services.operations.idempotency import KeptAnswer
from miniprogram_api.guards import caller
from miniprogram_api.problems import problem

HEADER = "Idempotency-Key"
_KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{8,64}")
FIRST_FAILURE = 400


def replay_answer() -> Response | None:
    """Before the view: the stored answer, if this key has been answered already.

    Raises `IdempotencyError` when the key is missing, malformed, or belongs to another request.
    """
    if request.method != "POST":
        return None
    key = request.headers.get(HEADER, "")
    if not _KEY_PATTERN.fullmatch(key):
        raise IdempotencyError(f"缺少请求标识，请升级小程序后重试（{HEADER}）。")
    g.idempotency = (key, idempotency.fingerprint(request.method, request.path, request.get_data()))
    return _stored_answer()


def store_answer(response: Response) -> Response:
    """After the view: store a successful answer in the transaction of its change.

    Of two requests with one key at the same moment the database lets one store its answer. The other is
    rolled back and returns the answer of the first.
    """
    if "idempotency" not in g or response.status_code >= FIRST_FAILURE or g.get("repeated", False):
        return response
    key, print_ = g.idempotency
    answer = KeptAnswer(response.status_code, response.get_data(as_text=True))
    try:
        idempotency.store_answer(caller().subject_id, key, print_, answer)
    except idempotency.AnsweredMeanwhileError:
        release_connection()
        return _stored_answer() or _answer_gone()
    return response


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
