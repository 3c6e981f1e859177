"""The mini-program in somebody's hand: logging in, and every request as the client would send it."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from demo.environment.json_client import Answer, JsonClient, UnexpectedAnswerError
from demo.environment.simulated_wechat import SimulatedWeChat
from demo.people.fictional_people import Person

UNAUTHORIZED = 401
API = "/api/v1"


class Phone:
    """One person's phone. It logs in again by itself when its token has run out, as the client does."""

    audience: str

    def __init__(self, person: Person, server: JsonClient, wechat: SimulatedWeChat) -> None:
        self.person = person
        self._server = server
        self._wechat = wechat
        self.token = ""

    def log_in(self) -> dict[str, Any]:
        """Log in with a fresh code of WeChat; the answer of the server."""
        raise NotImplementedError

    def send(self, method: str, path: str, body: object = None, key: str | None = None) -> Answer:
        """A request below the person's part of the API; `key` repeats an earlier POST's Idempotency-Key."""
        address = f"{API}/{self.audience}{path}"
        return self._logged_in(lambda: self._server.send(method, address, body, self._headers(method, key)))

    def ask(self, method: str, path: str, body: object = None, key: str | None = None) -> Any:
        """The body of a successful answer. Raises `UnexpectedAnswerError` for any other."""
        answer = self.send(method, path, body, key)
        if not answer.ok:
            raise UnexpectedAnswerError(f"{self.person.name}: {method} {path}: {answer.status} {answer.body}")
        return answer.body

    def get(self, path: str) -> Any:
        """What stands at an address."""
        return self.ask("GET", path)

    def post(self, path: str, body: object = None, key: str | None = None) -> Any:
        """The answer to a POST."""
        return self.ask("POST", path, body, key)

    def upload(self, case_id: str, kind: str, name: str, content: bytes) -> dict[str, Any]:
        """Bring a document into a case. Raises `UnexpectedAnswerError` when it is not taken."""
        path = f"{API}/{self.audience}/cases/{case_id}/documents"
        answer = self._logged_in(
            lambda: self._server.send_file(path, {"kind": kind}, (name, content), self._headers("POST"))
        )
        if not answer.ok:
            raise UnexpectedAnswerError(f"{self.person.name}: POST {path}: {answer.status} {answer.body}")
        document: dict[str, Any] = answer.body
        return document

    def _logged_in(self, request: Callable[[], Answer]) -> Answer:
        answer = request()
        if answer.status == UNAUTHORIZED:
            self.log_in()
            answer = request()
        return answer

    def _headers(self, method: str, key: str | None = None) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}"}
        if method == "POST":
            headers["Idempotency-Key"] = key or uuid4().hex
        return headers

    def _session(self, body: dict[str, str]) -> dict[str, Any]:
        session: dict[str, Any] = self._server.ask("POST", f"{API}/{self.audience}/sessions", body)
        self.token = session["token"]
        return session


class CustomerPhone(Phone):
    """A customer's phone."""

    audience = "customer"

    def log_in(self) -> dict[str, Any]:
        """Log in by the code of wx.login."""
        codes = self._wechat.codes(self.person.openid, unionid=self.person.unionid)
        return self._session({"code": codes["login_code"]})

    def give_phone(self) -> str:
        """Tap the phone-number button; the masked number that the server knows now."""
        phone: str = self.post("/phone", {"code": self._phone_code()})["phone"]
        return phone

    def accept_messages(self, page: str = "", times: int = 1) -> list[str]:
        """Tap “允许” for what the mini-program asks for on a page, so many times; the templates' titles.

        The simulated WeChat counts the consents, and the client reports them, as wx.requestSubscribeMessage
        and its caller do.
        """
        wanted = self.get(f"/subscriptions?page={page}")["templates"]
        for template in wanted:
            self._wechat.consent(self.person.openid, template["template_id"], times)
        for _ in range(times):
            self.post("/subscriptions", {"choices": {template["key"]: "accept" for template in wanted}})
        return [template["title"] for template in wanted]

    def _phone_code(self) -> str:
        code: str = self._wechat.codes(self.person.openid, phone=self.person.phone)["phone_code"]
        return code


class StaffPhone(Phone):
    """The phone of somebody at the utility."""

    audience = "staff"

    def log_in(self) -> dict[str, Any]:
        """Log in by code; the phone number that WeChat vouches for binds them to their staff record."""
        codes = self._wechat.codes(self.person.openid, unionid=self.person.unionid, phone=self.person.phone)
        return self._session({"code": codes["login_code"], "phone_code": codes["phone_code"]})

    def follow(self) -> None:
        """Follow the service account, so that template messages reach this person."""
        self._wechat.follow(self.person.service_openid, self.person.unionid, self._server.url)

    def task(self, key: str, case_id: str) -> dict[str, Any] | None:
        """The open task of that key, from my list or my department's queue."""
        for scope in ("mine", "department"):
            for task in self.get(f"/tasks?scope={scope}&limit=100")["items"]:
                if task["key"] == key and task["case_id"] == case_id:
                    found: dict[str, Any] = task
                    return found
        return None

    def take(self, task_id: str) -> dict[str, Any]:
        """Take a task from the department's queue."""
        task: dict[str, Any] = self.post(f"/tasks/{task_id}/assignment")
        return task

    def complete(self, task_id: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Complete a task with what it must deliver."""
        task: dict[str, Any] = self.post(f"/tasks/{task_id}/completion", {"outputs": outputs})
        return task
