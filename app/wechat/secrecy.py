"""Keep WeChat's credentials out of exception texts and logs.

The AppSecret and the login code are query parameters of jscode2session, and the access token is one of every
other call. So they appear in the texts of transport errors and in the debug log of the HTTP library.
"""

import logging
import re

_PARAMETER = re.compile(
    r"(?P<name>\b(?:secret|corpsecret|access_token|js_code|session_key)\b[\"']?\s*(?:=|:)\s*[\"']?)[^&\s\"',}]+",
    re.IGNORECASE,
)
HIDDEN = "***"
HTTP_LOGGER = "urllib3.connectionpool"


def scrub(text: str, *secrets: str) -> str:
    """`text` without the values of WeChat's credential parameters and without any of `secrets`."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, HIDDEN)
    return _PARAMETER.sub(rf"\g<name>{HIDDEN}", text)


class ScrubFilter(logging.Filter):
    """Rewrites log records so that they hold no credential parameter."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, scrubbed."""
        record.msg = scrub(record.getMessage())
        record.args = None
        return True


_filter = ScrubFilter()


def guard_http_log() -> None:
    """Scrub what the HTTP library logs, from now on, in this process. May be called repeatedly."""
    # addFilter does nothing when the filter was added before.
    logging.getLogger(HTTP_LOGGER).addFilter(_filter)
