"""WeChat's message push: verified, stored once, and answered at once. The jobs process handles it later."""

import logging

from apiflask import APIBlueprint
from flask import Response, current_app, request

from app.core import clock
from app.domain.errors import NotFoundError
from app.wechat.port import AccountKind
from app.wechat.push import PushReceiver, PushRefused, UnreadablePush
from notifications.incoming import inbox

log = logging.getLogger(__name__)

callbacks = APIBlueprint("wechat_callbacks", __name__, url_prefix="/wechat/callback", enable_openapi=False)

FORBIDDEN = 403

_ADDRESS = f"/<any({', '.join(AccountKind)}):account>"


@callbacks.get(_ADDRESS)
def check_server(account: str) -> Response:
    """WeChat checks the server's address: return the text it sent, if its signature is right."""
    try:
        echo = _receiver(account).echo(request.args, clock.now())
    except PushRefused as refused:
        return _refuse(refused)
    # WeChat compares bytes. Plain text, so that a browser never runs what it is sent.
    return Response(echo, mimetype="text/plain")


@callbacks.post(_ADDRESS)
def receive(account: str) -> Response:
    """Store the event and answer. A repeated event gets the same answer and is stored once.

    What WeChat sent and nobody can read is stored as failed, and answered in the same way: repeating it would
    not make it readable.
    """
    try:
        event = _receiver(account).open(request.args, request.get_data(), clock.now())
    except PushRefused as refused:
        return _refuse(refused)
    if isinstance(event, UnreadablePush):
        inbox.keep_unreadable(event)
    else:
        inbox.accept(event)
    return Response("success", mimetype="text/plain")


def _receiver(account: str) -> PushReceiver:
    receivers: dict[AccountKind, PushReceiver] = current_app.extensions["steward.receivers"]
    receiver = receivers.get(AccountKind(account))
    if receiver is None:
        # An installation without WeCom has no such address.
        raise NotFoundError
    return receiver


def _refuse(refused: PushRefused) -> Response:
    log.warning("callback refused", extra={"reason": refused.reason_code})
    return Response("refused", status=FORBIDDEN, mimetype="text/plain")
