"""Whole lifecycles of cases over HTTP, from a process of its own: `python -m benchmarks.lifecycle_load`.

One lifecycle: the customer submits, a supervisor finds the case by its number and hands it to another
manager, that manager completes an open task, and the supervisor finds the case by the customer's phone. Each
answer is looked at: one other than a success, or a search that does not find the case, is a failure.
"""

import json
import selectors
import sys
from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

from benchmarks.load import Connection, post

CALLS = ("submit", "search by number", "hand over", "complete", "search by phone")
_TASK = "site_visit"

# One call: its name and the raw request; what is sent back into a lifecycle is the answer's JSON.
Steps = Generator[tuple[str, str], Any, None]


@dataclass(frozen=True, slots=True)
class Order:
    """Lifecycles of these drafts (application id, customer's token, phone), each once.

    Without `arrivals` every connection goes from one lifecycle to the next. With them, one begins at each
    of these seconds, or as soon as a connection is free, and its time counts from when it should have begun.
    """

    port: int
    drafts: Sequence[Sequence[str]]
    supervisor: str
    managers: dict[str, str]
    """Tokens by staff number."""
    connections: int
    arrivals: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How long it took altogether; the milliseconds of every whole lifecycle, and of every call by name."""

    seconds: float
    lifecycles: list[float]
    calls: dict[str, list[float]]
    failures: list[str] = field(default_factory=list)


class _WrongAnswerError(Exception):
    """An answer that is a success and yet not what the lifecycle needs."""


def _lifecycle(order: Order, draft: Sequence[str]) -> Steps:
    application, token, phone = draft
    case = yield "submit", post(f"/api/v1/customer/applications/{application}/submission", token, application)
    found = yield "search by number", _search(order, {"number": case["number"]})
    (line,) = _only(case, found)
    numbers = list(order.managers)
    # From here on the next in the row of managers goes with the case.
    number = numbers[(numbers.index(case["manager"]["number"]) + 1) % len(numbers)]
    handed = yield (
        "hand over",
        post(
            f"/api/v1/staff/cases/{case['id']}/handover",
            order.supervisor,
            application,
            json.dumps({"version": line["version"], "manager_number": number, "summary": "客户已约上门时间"}),
        ),
    )
    tasks = [task for stage in handed["awaited"] for task in stage["tasks"] if task["key"] == _TASK]
    completed = yield (
        "complete",
        post(
            f"/api/v1/staff/tasks/{tasks[0]['id']}/completion",
            order.managers[number],
            application,
            json.dumps({"outputs": {"visited_at": tasks[0]["since"], "form_guided": True}}),
        ),
    )
    if (completed["state"], completed["mine"]) != ("done", True):
        raise _WrongAnswerError("the task is not done by whom the case was handed to")
    found = yield "search by phone", _search(order, {"phone": phone})
    _only(case, found)


def _search(order: Order, words: dict[str, str]) -> str:
    return post("/api/v1/staff/case-searches", order.supervisor, "search", json.dumps(words))


def _only(case: Any, found: Any) -> list[Any]:
    lines: list[Any] = found["items"]
    if [line["id"] for line in lines] != [case["id"]]:
        raise _WrongAnswerError("the search does not find the one case")
    return lines


class _Runner:
    """One connection, and the lifecycle that runs on it."""

    def __init__(self, port: int, outcome: Outcome) -> None:
        self.connection = Connection(port)
        self.free = True
        self._outcome = outcome

    def begin(self, lifecycle: Steps, since: float) -> None:
        self.free = False
        self._steps, self._since = lifecycle, since
        self._ask(*next(lifecycle))

    def hear(self) -> None:
        status = self.connection.hear()
        if status is None:
            return
        now = perf_counter()
        self._outcome.calls[self._name].append((now - self._asked) * 1000)
        if status not in {b"200", b"201"}:
            self._fail(f"{status.decode()} {self.connection.body[:300].decode(errors='replace')}")
            return
        try:
            step = self._steps.send(json.loads(self.connection.body))
        except StopIteration:
            self.free = True
            self._outcome.lifecycles.append((now - self._since) * 1000)
        except (_WrongAnswerError, LookupError, ValueError) as fault:
            self._fail(repr(fault))
        else:
            self._ask(*step)

    def _ask(self, name: str, request: str) -> None:
        self._name, self._asked = name, perf_counter()
        self.connection.ask(request.encode())

    def _fail(self, why: str) -> None:
        self.free = True
        self._outcome.failures.append(f"{self._name}: {why}")


def run(order: Order) -> Outcome:
    """Every lifecycle of the order. Raises `ConnectionError` when the server closes a connection."""
    begun = perf_counter()
    outcome = Outcome(0.0, [], defaultdict(list))
    runners = [_Runner(order.port, outcome) for _ in range(order.connections)]
    waiting = list(reversed(order.drafts))
    due = [begun + second for second in order.arrivals] or [0.0] * len(waiting)
    due.reverse()
    selector = selectors.DefaultSelector()
    for runner in runners:
        selector.register(runner.connection.socket, selectors.EVENT_READ, runner)
    with selector:
        while waiting or not all(runner.free for runner in runners):
            for runner in runners:
                now = perf_counter()
                if runner.free and waiting and due[-1] <= now:
                    runner.begin(_lifecycle(order, waiting.pop()), due.pop() or now)
            pause = max(due[-1] - perf_counter(), 0.001) if due and due[-1] else 1
            for key, _ in selector.select(pause):
                key.data.hear()
    for runner in runners:
        runner.connection.socket.close()
    return Outcome(perf_counter() - begun, outcome.lifecycles, dict(outcome.calls), outcome.failures)


def main() -> None:
    """Carry out orders until standard input ends."""
    for line in sys.stdin:
        print(json.dumps(asdict(run(Order(**json.loads(line))))), flush=True)


if __name__ == "__main__":
    main()
