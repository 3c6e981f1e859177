"""What a transport failure means: had the request left, and is repeating it safe?"""

import ssl
from pathlib import Path

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProxyError
from wechatpy.exceptions import WeChatClientException

from app.wechat.errcodes import kind_of
from app.wechat.keepalive import NotSentError
from app.wechat.port import FaultKind, WeChatError

TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500
GATEWAY_TIMEOUT = 504


def refused_answer(error: WeChatClientException, codes: Path) -> WeChatError:
    """The fault behind an answer that wechatpy refused: an errcode of `codes`, or an HTTP status."""
    if error.errcode is not None:
        return WeChatError(error.errcode, str(error.errmsg), kind_of(error.errcode, codes))
    status = error.response.status_code
    return WeChatError(None, f"HTTP status {status}", _kind_of_status(status))


def transport_fault(error: requests.RequestException) -> WeChatError:
    """The fault behind an exception of the HTTP library. The text still needs scrubbing."""
    kind = FaultKind.TRANSIENT if _before_sending(error) else FaultKind.UNKNOWN_OUTCOME
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        kind = FaultKind.CONFIGURATION
    return WeChatError(None, f"{type(error).__name__}: {error}", kind)


def _kind_of_status(status: int) -> FaultKind:
    if status == GATEWAY_TIMEOUT:
        # A proxy stopped waiting; the server behind it may still have done the work.
        return FaultKind.UNKNOWN_OUTCOME
    if status >= SERVER_ERROR or status == TOO_MANY_REQUESTS:
        return FaultKind.TRANSIENT
    return FaultKind.CONFIGURATION


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
