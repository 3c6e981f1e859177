"""Faults to inject: which call fails, how, how often, and whether before or after the work was done."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from threading import Lock

from werkzeug.wrappers import Request

ANY_PATH = "*"
LONGEST_LATENCY_MS = 60_000


class Failure(StrEnum):
    """Ways to fail that are no error code."""

    TIMEOUT = "timeout"
    """The request is taken and never answered."""
    RESET = "reset"
    """The connection is cut instead of an answer."""
    HTTP403 = "http403"
    HTTP412 = "http412"
    HTTP500 = "http500"
    HTTP502 = "http502"
    FOREIGN = "foreign"
    """A JSON document that is not WeChat's comes back, as of a proxy that is being repaired."""


STATUSES = {
    Failure.HTTP403: 403,
    Failure.HTTP412: 412,
    Failure.HTTP500: 500,
    Failure.HTTP502: 502,
}


class Dropped(Exception):
    """The call gets no answer; who carries the call has to make it look so."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


@dataclass(slots=True)
class Fault:
    """One fault. Without errcode and failure it only delays."""

    path: str
    """The call's path without leading slash ("cgi-bin/message/subscribe/send"), or "*" for every call."""
    errcode: int | None = None
    failure: Failure | None = None
    latency_ms: int = 0
    """Milliseconds to wait before anything else."""
    times: int | None = 1
    """How many more calls it affects; None means until it is removed."""
    after_delivery: bool = False
    """Whether the work is done all the same and only the answer is spoilt."""
    openid: str | None = None
    """Only a call about this person (`touser` of its body, `openid` of its query) meets the fault."""

    def meets(self, path: str, openid: str | None) -> bool:
        """Whether a call is one that it affects."""
        return self.path in (path, ANY_PATH) and self.openid in (None, openid)


class Faults:
    """The faults in wait, in the order in which they were set; thread-safe."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        """Inject `fault` into the next calls of its path."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, object]]:
        """All faults that still wait, as JSON values."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, path: str, request: Request) -> Fault | None:
        """The fault that affects this call of `path`, counted down."""
        with self._lock:
            # Most of the time there is none, and no body has to be read for it.
            openid = _person(request) if any(fault.openid for fault in self._faults) else None
            for fault in self._faults:
                if fault.meets(path, openid):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times == 0:
                            self._faults.remove(fault)
                    return fault
        return None


def fault_of(document: Mapping[str, object]) -> Fault:
    """The fault that a JSON object describes. Raises ValueError naming the key that is wrong."""
    unknown = set(document) - set(Fault.__slots__)
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    path, failure, openid = document.get("path"), document.get("failure"), document.get("openid")
    if failure is not None and not isinstance(failure, str):
        raise ValueError(f"failure: {', '.join(Failure)}")
    if not isinstance(path, str) or not path:
        raise ValueError("path: a call's path or *")
    if openid is not None and not isinstance(openid, str):
        raise ValueError("openid: a text")
    fault = Fault(
        path=path.lstrip("/"),
        errcode=_number(document, "errcode", None),
        failure=Failure(failure) if failure else None,
        latency_ms=_number(document, "latency_ms", 0) or 0,
        times=_number(document, "times", 1),
        after_delivery=document.get("after_delivery") is True,
        openid=openid,
    )
    if fault.errcode is not None and fault.failure is not None:
        raise ValueError("errcode and failure: only one of the two")
    if not 0 <= fault.latency_ms <= LONGEST_LATENCY_MS:
        raise ValueError(f"latency_ms: 0 to {LONGEST_LATENCY_MS}")
    if fault.times is not None and fault.times < 1:
        raise ValueError("times: 1 and up, or null")
    return fault


def _person(request: Request) -> str | None:
    """Whom a call is about, if it is about one person."""
    if request.method == "GET":
        return request.args.get("openid")
    try:
        body = json.loads(request.get_data())
    except ValueError:
        return None
    found = body.get("touser") if isinstance(body, dict) else None
    return found if isinstance(found, str) else None


def _number(document: Mapping[str, object], key: str, default: int | None) -> int | None:
    value = document.get(key, default)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError(f"{key}: a whole number")
