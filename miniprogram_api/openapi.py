"""The OpenAPI document: what APIFlask derives from views and schemas, completed.

Descriptions are the docstrings of the views. Authentication, Idempotency-Key and the problem documents that
any request may get (malformed body, wrong token, …) are added here once for every operation, since they are
not answered by the view.
"""

import warnings
from typing import Any

import orjson
from flask import Flask

from app.core import signing
from miniprogram_api import docstrings, guards, idempotency
from miniprogram_api.flask_app import StewardApp

_PROBLEM = {
    "type": "object",
    "description": "A refusal or an error as a problem document (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stable; for programs"},
        "detail": {"type": "string", "description": "for people, in Chinese"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "errors_left_out": {"type": "integer", "description": "faults beyond those listed"},
    },
}

_ANYWHERE = {"400": "请求无法识别", "404": "没有找到", "405": "不支持的操作", "422": "填写内容有误"}
_WITH_BODY = {"409": "内容已更新或已办结", "413": "内容过大", "415": "格式不支持"}
_WITH_TOKEN = {"401": "未登录或登录已失效", "403": "没有权限"}
_WITH_SIGNATURE = {"401": "签名无效、过期或重复", "403": "未开通此项服务", "503": "暂时无法指派客户管家"}
_AT_LOGIN = {"401": "微信登录未成功", "403": "不是登记的员工"}

_SCHEMES = {guards.customer: "customerToken", guards.staff: "staffToken"}

# Every request of a partner needs all four headers. How to sign is described once, at the signature.
_PARTNER_SCHEMES = {
    "partnerKey": (signing.KEY_HEADER, "密钥编号"),
    "partnerTimestamp": (signing.TIMESTAMP_HEADER, "请求时间：1970年以来的秒数，与服务器相差不超过5分钟"),
    "partnerNonce": (signing.NONCE_HEADER, "随机串：16至64位字母、数字、_或-，每次请求不同"),
    "partnerSignature": (
        signing.SIGNATURE_HEADER,
        "HMAC-SHA256（十六进制小写），依次签名：大写方法、路径（含查询串）、请求时间、随机串，各占一行，其后为请求体原文",
    ),
}

DESCRIPTION = """水管家：用水报装全流程接口。时间为带时区的ISO 8601，金额单位为分，工作日为十进制字符串。

所有拒绝和错误都是 RFC 9457 problem 文档，`code` 稳定，`detail` 可直接展示给用户。

Times are ISO 8601 with an offset, amounts are in fen, working days are decimal strings, positions are GCJ-02.
Lists are paged by `cursor`: send the `cursor` of the last answer; it is null on the last page. Every refusal
is an RFC 9457 problem document: `code` is stable and meant for programs, `detail` is a Chinese sentence for
the user. What belongs to somebody else is answered with 404, as if it did not exist. Every POST of a customer
needs an `Idempotency-Key`; every request of a partner platform is signed."""


def configure(app: StewardApp) -> None:
    """Set APIFlask's options of the document: description, tags, security schemes, version."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        DESCRIPTION=DESCRIPTION,
        TAGS=[
            {"name": "customer", "description": "客户（小程序）"},
            {"name": "staff", "description": "客户管家与部门员工"},
            {"name": "partner", "description": "合作平台（请求须签名）"},
        ],
        SECURITY_SCHEMES={
            name: {"type": "http", "scheme": "bearer", "description": "登录接口返回的令牌"}
            for name in _SCHEMES.values()
        }
        | {
            name: {"type": "apiKey", "in": "header", "name": header, "description": description}
            for name, (header, description) in _PARTNER_SCHEMES.items()
        },
        AUTO_OPERATION_ID=True,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_SERVERS=False,
    )


def document(app: Flask) -> bytes:
    """The document as JSON, made once in each process."""
    kept: bytes | None = app.extensions.get("steward.openapi")
    if kept is None:
        assert isinstance(app, StewardApp)  # noqa: S101 - the factory makes no other
        kept = orjson.dumps(_completed(app))
        app.extensions["steward.openapi"] = kept
    return kept


def _completed(app: StewardApp) -> dict[str, Any]:
    spec = _derived(app)
    schemas = spec["components"]["schemas"]
    # APIFlask's own error schema; every error here is a problem document.
    schemas.pop("HTTPError", None)
    schemas["Problem"] = _PROBLEM
    endpoints = {
        (_openapi_path(rule.rule), method.lower()): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            endpoint = endpoints[path, method]
            guard = guards.guard_of(app, endpoint)
            operation["description"] = docstrings.description(app.view_functions[endpoint])
            _add_problems(operation, method, guard)
            for response in operation["responses"].values():
                response["headers"] = {"X-Request-Id": {"schema": {"type": "string"}}}
            # /api/v1/<audience>/…; APIFlask leaves its blueprints' tags out once there is a list of tags.
            operation["tags"] = [path.split("/")[3]]
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            if guard in _SCHEMES:
                operation["security"] = [{_SCHEMES[guard]: []}]
            if guard is guards.partner:
                operation["security"] = [{name: [] for name in _PARTNER_SCHEMES}]
            if guard in _SCHEMES and method == "post":
                operation.setdefault("parameters", []).append(
                    {
                        "name": idempotency.HEADER,
                        "in": "header",
                        "required": guard is guards.customer,
                        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$"},
                        "description": "同一操作重试时使用同一标识，得到同一结果",
                    }
                )
        _pin_path_parameters(operations)
    return spec


def _derived(app: StewardApp) -> dict[str, Any]:
    """What APIFlask derives, with each schema once.

    APIFlask adds a schema that is used alone and nested twice, the second time with a number after its name.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*has already been added to the spec.*")
        text = orjson.dumps(app.spec).decode()
    schemas = orjson.loads(text)["components"]["schemas"]
    twins = [name for name in schemas if name.endswith("1") and schemas.get(name[:-1]) == schemas[name]]
    for name in twins:
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{name[:-1]}"')
    spec: dict[str, Any] = orjson.loads(text)
    for name in twins:
        del spec["components"]["schemas"][name]
    return spec


def _add_problems(operation: dict[str, Any], method: str, guard: guards.Guard | None) -> None:
    possible = dict(_ANYWHERE)
    if method != "get":
        possible |= _WITH_BODY
    if guard is guards.partner:
        possible |= _WITH_SIGNATURE
    else:
        possible |= _WITH_TOKEN if guard in _SCHEMES else _AT_LOGIN
    for status, description in operation["responses"].items():
        if not status.startswith("2"):
            possible.setdefault(status, description.get("description", ""))
    for status, description in possible.items():
        operation["responses"][status] = {
            "description": description,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _pin_path_parameters(operations: dict[str, Any]) -> None:
    for holder in operations.values():
        parameters = holder if isinstance(holder, list) else holder.get("parameters", [])
        for parameter in parameters:
            if parameter.get("in") == "path" and parameter["name"].endswith("_id"):
                parameter["schema"] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{16}$"}


def _openapi_path(rule: str) -> str:
    return "/".join(
        "{" + part.strip("<>").split(":")[-1] + "}" if part.startswith("<") else part
        for part in rule.split("/")
    )
