"""A partner platform that signs its requests, written without any of the product's code."""

import hashlib
import hmac
from typing import Any
from uuid import uuid4

import orjson
from flask import Flask
from werkzeug.test import TestResponse

from app.core import clock
from app.core.atomic import atomic
from app.services.partners import partner_registry
from app.services.partners.partner_registry import IssuedKey, NewPartner

EVERYTHING = ("application", "consultation", "progress")

CONSULTATION: dict[str, Any] = {
    "reference": "ZW-2026-0001",
    "program": "single_meter",
    "project_name": "泉城演示厂房",
    "organisation": "泉城演示置业有限公司",
    "contact_name": "钱多多",
    "contact_phone": "13800000001",
    "district": "lixia",
    "address": "演示路1号",
    "location": {"latitude_gcj02": 36.66, "longitude_gcj02": 117.02},
    "planned_facilities": ["二次供水泵房一座", "消防水池300立方米"],
}


def sign(secret: str, method: str, target: str, timestamp: str, nonce: str, body: bytes) -> str:
    text = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def add_partner(
    app: Flask, key: str = "government", capabilities: tuple[str, ...] = EVERYTHING, url: str | None = None
) -> "Platform":
    """A partner that the utility's IT has just added."""
    wanted = NewPartner(key, f"{key}演示平台", "政务服务平台", capabilities, url)
    with app.app_context(), atomic():
        issued = partner_registry.add(wanted, simulated=True)
    return Platform(app, issued)


class Platform:
    """One partner with one key."""

    def __init__(self, app: Flask, key: IssuedKey) -> None:
        self.app = app
        self.key = key

    def headers(self, method: str, target: str, body: bytes, **changes: str) -> dict[str, str]:
        timestamp = changes.get("timestamp", str(int(clock.now().timestamp())))
        nonce = changes.get("nonce", uuid4().hex)
        return {
            "X-Partner-Key": self.key.key_id,
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": sign(self.key.secret, method, target, timestamp, nonce, body),
        }

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> TestResponse:
        target = f"/api/v1/partner{path}"
        content = b"" if body is None else orjson.dumps(body)
        return self.app.test_client().open(
            target,
            method=method,
            data=content,
            content_type="application/json" if content else None,
            headers=self.headers(method, target, content) if headers is None else headers,
        )

    def consult(self, **changes: Any) -> Any:
        """A consultation that is taken in."""
        answer = self.send("POST", "/consultations", {**CONSULTATION, **changes})
        assert answer.status_code == 201, answer.text
        return answer.json
