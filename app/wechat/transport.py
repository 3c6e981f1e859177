"""What a transport failure means: had the request left, and is repeating it safe?"""

import ssl
from pathlib import Path

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProxyError
from wechatpy.exceptions import WeChatClientException

from app.wechat.errcodes import kind_at, kind_of
from app.wechat.keepalive import NotSentError
from app.wechat.port import FaultKind, WeChatError

TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500
UNAVAILABLE = 503


def refused_answer(error: WeChatClientException, codes: Path, call: str) -> WeChatError:
    """The fault behind an answer that wechatpy refused: an errcode of `codes`, or an HTTP status.

    `call` is the path that was called: what a refusal is about depends on it.
    """
    if error.errcode is not None:
        return WeChatError(error.errcode, str(error.errmsg), kind_of(error.errcode, codes, call))
    status = error.response.status_code
    return WeChatError(None, f"HTTP status {status}", kind_at(call, _kind_of_status(status), codes))


def transport_fault(error: requests.RequestException) -> WeChatError:
    """The fault behind an exception of the HTTP library. The text still needs scrubbing."""
    kind = FaultKind.TRANSIENT if _before_sending(error) else FaultKind.UNKNOWN_OUTCOME
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        kind = FaultKind.CONFIGURATION
    return WeChatError(None, f"{type(error).__name__}: {error}", kind)


def _kind_of_status(status: int) -> FaultKind:
    if status in (TOO_MANY_REQUESTS, UNAVAILABLE):
        # Turned away before anything was done.
        return FaultKind.TRANSIENT
    if status >= SERVER_ERROR:
        # A proxy stopped waiting, or the server failed at some point: it may have done the work.
        return FaultKind.UNKNOWN_OUTCOME
    # 403 and 412 were seen for one person's text while all others were accepted.
    return FaultKind.UNCLEAR


def _before_sending(error: requests.RequestException) -> bool:
    """Whether no byte of the request can have reached WeChat."""
    if isinstance(error, NotSentError):
        return True
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    if not isinstance(error, requests.exceptions.ConnectionError) or not error.args:
        return False
    cause = error.args[0]
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    if isinstance(cause, NewConnectionError | ProxyError):
        return True
    # A certificate is checked before anything is sent; any other TLS fault may interrupt an answer.
    return any(isinstance(part, ssl.SSLCertVerificationError) for part in getattr(cause, "args", ()))
