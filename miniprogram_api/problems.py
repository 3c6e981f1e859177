"""Every refusal and every error as an RFC 9457 problem document in Chinese, with a stable code."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from apiflask import HTTPError
from flask import Response, g
from werkzeug.exceptions import HTTPException, InternalServerError

from app.core.connection_failure import is_connection_failure
from app.core.logs import request_id
from app.domain.errors import Refusal
from miniprogram_api.flask_app import StewardApp

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5
"""How long a client should wait while the database is unreachable; a restart takes about as long."""

MOST_FAULTS = 20
"""How many faults a refusal lists. Who has mended these is told the next ones."""

OFTEN = {429: "操作过于频繁"}
"""For the OpenAPI document of a view that is limited for each person."""

_SENTENCES: Mapping[int, tuple[str, str, str]] = {
    400: ("bad_request", "请求有误", "请求内容无法识别，请返回上一页重试。"),
    404: ("not_found", "没有找到", "没有找到您要的内容，请返回上一页重试。"),
    405: ("method_not_allowed", "不支持的操作", "该地址不支持此操作。"),
    406: ("not_acceptable", "不支持的格式", "该地址只提供JSON格式。"),
    408: ("request_timeout", "网络较慢", "内容没有在规定时间内传完，请换个网络后重试。"),
    413: ("too_large", "内容过大", "提交的内容过大，请精简后重试。"),
    415: ("unsupported_media_type", "格式不支持", "请以JSON格式提交。"),
    422: ("invalid_fields", "填写内容有误", "请按提示修改后再提交。"),
    500: ("internal_error", "系统出错", "系统出现问题，您的内容未被改动，请稍后重试。"),
    503: ("unavailable", "系统暂时无法使用", "系统正在恢复，请过一会儿再试。"),
    504: ("timeout", "系统繁忙", "系统没有及时答复，请刷新查看是否已办理，再决定是否重试。"),
}


def problem(status: int, code: str, title: str, detail: str, **extra: Any) -> Response:
    """A problem document; its `type` is a relative address that names the code.

    Of `errors` it lists the first `MOST_FAULTS`; `errors_left_out` says how many more there are.
    """
    faults = extra.get("errors", ())
    if len(faults) > MOST_FAULTS:
        extra |= {"errors": faults[:MOST_FAULTS], "errors_left_out": len(faults) - MOST_FAULTS}
    document = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id.get(),
        **extra,
    }
    return Response(orjson.dumps(document), status=status, mimetype="application/problem+json")


def register(app: StewardApp) -> None:
    """Answer every refusal, HTTP error and uncaught error of `app` with a problem document."""
    app.register_error_handler(Refusal, of_refusal)
    app.register_error_handler(HTTPException, _on_http_exception)
    app.register_error_handler(HTTPError, _on_validation_error)
    app.register_error_handler(Exception, _on_error)


def of_refusal(refusal: Refusal) -> Response:
    """The problem document of a refusal, which says whether its transaction is rolled back."""
    g.keep_changes = refusal.keeps_changes
    answer = problem(refusal.status, refusal.code, refusal.title, refusal.detail, **refusal.extra)
    if refusal.retry_after is not None:
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def _on_http_exception(fault: HTTPException) -> Response:
    if isinstance(fault, InternalServerError) and is_connection_failure(fault.original_exception or fault):
        # The commit failed, after the view had finished. Failures inside the view reach `_on_error`.
        return _away()
    status = fault.code or HTTPStatus.INTERNAL_SERVER_ERROR
    answer = standard_problem(status)
    for name, value in fault.get_headers():
        if name != "Content-Type":
            answer.headers[name] = value
    return answer


def _on_validation_error(fault: HTTPError) -> Response:
    if fault.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
        return standard_problem(fault.status_code)
    code, title, detail = _SENTENCES[HTTPStatus.UNPROCESSABLE_ENTITY]
    errors = [
        {"field": field, "code": "invalid", "message": message} for field, message in _faults(fault.detail)
    ]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, code, title, detail, errors=errors)


def _on_error(fault: Exception) -> Response:
    if is_connection_failure(fault):
        return _away()
    log.error("request failed", exc_info=fault)
    return standard_problem(HTTPStatus.INTERNAL_SERVER_ERROR)


def _away() -> Response:
    """503 with Retry-After. Does not say whether a change was stored, since that is unknown."""
    log.warning("request not answered: the database is unreachable")
    answer = standard_problem(HTTPStatus.SERVICE_UNAVAILABLE)
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def standard_problem(status: int) -> Response:
    """The problem document of a status that says all there is to say."""
    code, title, detail = _SENTENCES.get(status, ("refused", "无法办理", "请返回上一页重试。"))
    return problem(status, code, title, detail)


def _faults(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Flatten {"json": {"field": ["message"]}} to (field, message) pairs; the location is left out."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            deeper = path if not path and key in {"json", "query", "headers"} else f"{path}.{key}".strip(".")
            yield from _faults(inner, deeper)
    elif isinstance(detail, list):
        for message in detail:
            yield path, str(message)
    else:
        yield path, str(detail)
