"""Customers who apply and look at their case while processes die, and repeat what is not answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any
from uuid import uuid4

import requests

from demo.environment.json_client import Answer, JsonClient, NoAnswerError
from tests.campaign.machines import LAST_RESORT_SECONDS, WEBS, Machines
from tests.campaign.observations import Observations
from tests.campaign.starting_data import Applicant
from tests.world import ANSWERS

THREADS = 4
AGAIN_SECONDS = 0.2
READS = 2

APPLICATIONS = "/api/v1/customer/applications"
CASES = "/api/v1/customer/cases"


class OutageTooLongError(Exception):
    """No web server answered for far longer than any outage lasts."""


@dataclass
class Phones:
    """The customers' phones; each applies at its own moment, and later looks at its case.

    `answered` are the cases that a customer was told of, by customer: they must all be there in the end.
    """

    machines: Machines
    observations: Observations
    answered: dict[str, dict[str, str]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _threads: list[Thread] = field(default_factory=list)
    _pause: Event = field(default_factory=Event)

    def begin(self, applicants: Sequence[Applicant], chaos: float) -> None:
        """Let them apply one after the other, spread over `chaos` seconds from now."""
        begun = monotonic()
        each = chaos * 0.85 / len(applicants)
        moments = [(begun + each * place, one) for place, one in enumerate(applicants)]
        for number in range(THREADS):
            thread = Thread(target=self._run, args=(number, moments[number::THREADS]), daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait(self) -> None:
        """Until every one of them has an answer, or has given up."""
        for thread in self._threads:
            thread.join()

    def _run(self, number: int, moments: Sequence[tuple[float, Applicant]]) -> None:
        wires = {name: JsonClient(self.machines.url(name)) for name in WEBS}
        line = _Connection(wires, self.observations, self._pause, number)
        mine: list[tuple[Applicant, str]] = []
        for at, applicant in moments:
            self._pause.wait(max(at - monotonic(), 0))
            try:
                case = self._apply(line, applicant)
                if case is not None:
                    mine.append((applicant, case))
                for known, case_id in mine[-READS:]:
                    self._look(line, known, case_id)
            except OutageTooLongError as fault:
                self.observations.fault(str(fault))

    def _apply(self, line: "_Connection", applicant: Applicant) -> str | None:
        """A draft, its answers, its submission; then the same again, as a nervous thumb sends it."""
        draft_key, key = uuid4().hex, uuid4().hex
        draft = line.send(applicant, "POST", APPLICATIONS, {"program": "single_meter"}, draft_key)
        if draft is None:
            return None
        path = f"{APPLICATIONS}/{draft['id']}"
        answers = {**ANSWERS, "contact_phone": applicant.phone}
        if line.send(applicant, "PATCH", path, {"answers": answers}) is None:
            return None
        case = line.send(applicant, "POST", f"{path}/submission", None, key)
        if case is None:
            return None
        with self._lock:
            self.answered[applicant.customer_id] = {"case": case["id"], "draft": draft["id"]}
        repeats = (
            (APPLICATIONS, {"program": "single_meter"}, draft_key, draft),
            (f"{path}/submission", None, key, case),
        )
        for address, body, same, before in repeats:
            again = line.send(applicant, "POST", address, body, same)
            if again is not None and again["id"] != before["id"]:
                self.observations.fault(
                    f"a repeated key was answered with another id: {again['id']}, {before['id']}"
                )
        self.observations.count("applications answered")
        return str(case["id"])

    def _look(self, line: "_Connection", applicant: Applicant, case_id: str) -> None:
        found = line.send(applicant, "GET", f"{CASES}/{case_id}")
        if found is not None and found["id"] != case_id:
            self.observations.fault(f"another case was shown for {case_id}")
        self.observations.count("progress shown")


class _Connection:
    """Requests to whichever web server answers, as a proxy before both would carry them."""

    def __init__(
        self, wires: dict[str, JsonClient], observations: Observations, pause: Event, turn: int
    ) -> None:
        self._wires = list(wires.values())
        self._observations = observations
        self._pause = pause
        self._turn = turn

    def send(self, who: Applicant, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """The body of a 2xx answer, asked for again and again; None for a refusal, which is a fault.

        Raises `OutageTooLongError`.
        """
        headers = {"Authorization": f"Bearer {who.token}"} | ({"Idempotency-Key": key} if key else {})
        until = monotonic() + LAST_RESORT_SECONDS
        while monotonic() < until:
            self._turn += 1
            answer = self._once(self._wires[self._turn % len(self._wires)], method, path, body, headers)
            if answer is not None and answer.ok:
                return answer.body
            if answer is not None and answer.status < requests.codes.server_error:
                self._observations.fault(f"{method} {path}: {answer.status} {answer.body}")
                return None
            if answer is not None and answer.status != requests.codes.unavailable:
                self._observations.fault(
                    f"{method} {path}: {answer.status}, and not that it may be tried again"
                )
            self._observations.count(
                "requests without an answer" if answer is None else "requests put off (503)"
            )
            self._pause.wait(AGAIN_SECONDS)
        raise OutageTooLongError(f"{method} {path} was not answered for {LAST_RESORT_SECONDS:g} s")

    @staticmethod
    def _once(wire: JsonClient, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer | None:
        try:
            return wire.send(method, path, body, headers)
        except (NoAnswerError, ValueError):
            return None
