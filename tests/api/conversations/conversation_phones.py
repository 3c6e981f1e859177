"""A conversation over HTTP between the phones of a customer and a manager."""

from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from tests.world import Phone, World


class Conversation:
    """A case's conversation with its two phones."""

    def __init__(self, world: World, customer: Phone, manager: Phone, case_id: str) -> None:
        self.world = world
        self.customer = customer
        self.manager = manager
        self.case_id = case_id
        self.ours = f"/staff/conversations/{case_id}"
        self.theirs = f"/customer/cases/{case_id}"

    def ask(self, text: str, **more: Any) -> Any:
        """The customer writes."""
        return self.customer.post(f"{self.theirs}/messages", message_body(text, **more))

    def answer(self, text: str, **more: Any) -> Any:
        """The manager writes."""
        return self.manager.post(f"{self.ours}/messages", message_body(text, **more))

    def page(self, phone: Phone, **query: int) -> Any:
        """Messages as one of the two sees them."""
        path = self.theirs if phone is self.customer else self.ours
        return phone.get(f"{path}/messages" + query_string(query))

    def texts(self, phone: Phone) -> list[str]:
        """What stands on the last page."""
        return [item["text"] for item in self.page(phone)["items"]]

    def poll(self, phone: Phone, after: int, etag: str | None = None) -> TestResponse:
        """A phone asks for news."""
        path = self.theirs if phone is self.customer else self.ours
        headers = {"Authorization": f"Bearer {phone.token}"}
        if etag is not None:
            headers["If-None-Match"] = etag
        return phone.client.get(f"/api/v1{path}/messages?after={after}", headers=headers)


def message_body(text: str, client_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {"client_id": client_id or uuid4().hex, "text": text, **more}


def query_string(query: dict[str, int]) -> str:
    return "?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else ""


def hand_over(manager: Phone, case_id: str, to: str, summary: str = "客户在等答复") -> None:
    """A case and its conversation go to another manager."""
    version = manager.get(f"/staff/cases/{case_id}")["version"]
    body = {"version": version, "manager_number": to, "summary": summary}
    manager.post(f"/staff/cases/{case_id}/handover", body)


def start_conversation(world: World) -> Conversation:
    """A customer with a case, and the manager of its district."""
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer)
    return Conversation(world, customer, world.staff("G001"), case["id"])
