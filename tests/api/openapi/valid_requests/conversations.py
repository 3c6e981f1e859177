"""Talking with one's manager: messages, notes, guests, quick replies, chases and complaints."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.api.openapi.scene import OwnCase, Scene, ValidRequest
from tests.api.openapi.valid_requests.documents import with_document

MANAGER = "G001"

Make = Callable[[Scene], ValidRequest]


def message() -> dict[str, str]:
    return {"client_id": uuid4().hex, "text": "您好"}


def asked(scene: Scene) -> tuple[OwnCase, str]:
    case = scene.case()
    return case, case.customer.post(f"/customer/cases/{case.id}/messages", message())["id"]


def answered(scene: Scene) -> tuple[OwnCase, str]:
    case, _ = asked(scene)
    manager = scene.world.staff(MANAGER)
    return case, manager.post(f"/staff/conversations/{case.id}/messages", message())["id"]


def in_conversation(body: Any = None) -> Make:
    """A request of the manager about a conversation in which the customer has asked something."""

    def make(scene: Scene) -> ValidRequest:
        case, _ = asked(scene)
        return of_manager(scene, {"conversation_id": case.id}, body() if callable(body) else body)

    return make


def of_manager(scene: Scene, ids: dict[str, str], body: Any = None) -> ValidRequest:
    return ValidRequest(scene.world.staff(MANAGER), ids, body)


def recalls(scene: Scene) -> ValidRequest:
    case, said = asked(scene)
    return case.by_customer(message_id=said)


def manager_recalls(scene: Scene) -> ValidRequest:
    case, said = answered(scene)
    return of_manager(scene, {"conversation_id": case.id, "message_id": said})


def customer_receives(scene: Scene) -> ValidRequest:
    case, _ = answered(scene)
    return case.by_customer({"read": 1})


def chased(scene: Scene) -> ValidRequest:
    case = scene.case()
    chase = case.customer.post(f"/customer/cases/{case.id}/chases")["id"]
    return case.by(MANAGER, {"text": "下午到"}, chase_id=chase)


def complained(scene: Scene) -> tuple[OwnCase, str]:
    case = scene.case()
    body = {"text": "没有人来"}
    return case, case.customer.post(f"/customer/cases/{case.id}/complaints", body)["id"]


def closes(scene: Scene) -> ValidRequest:
    case, complaint = complained(scene)
    return case.by_customer(complaint_id=complaint)


def answers_complaint(scene: Scene) -> ValidRequest:
    _, complaint = complained(scene)
    return of_manager(scene, {"complaint_id": complaint}, {"text": "已联系施工班组"})


def supervisor_closes(scene: Scene) -> ValidRequest:
    _, complaint = complained(scene)
    return ValidRequest(scene.world.staff("S001"), {"complaint_id": complaint}, {"text": "客户来电撤诉"})


def invited(scene: Scene) -> ValidRequest:
    case, _ = asked(scene)
    guest = {"department": "design_institute"}
    scene.world.staff(MANAGER).post(f"/staff/conversations/{case.id}/guests", guest)
    return of_manager(scene, {"conversation_id": case.id, **guest})


def forgets_reply(scene: Scene) -> ValidRequest:
    reply = {"title": "问候", "text": "您好"}
    return of_manager(
        scene, {"reply_id": scene.world.staff(MANAGER).post("/staff/quick-replies", reply)["id"]}
    )


def fetched_in_talk(scene: Scene) -> ValidRequest:
    case, document_id = with_document(scene)
    body = {"client_id": uuid4().hex, "document_id": document_id}
    case.customer.post(f"/customer/cases/{case.id}/messages", body)
    return of_manager(scene, {"conversation_id": case.id, "document_id": document_id})


THEIRS = "/customer/cases/{case_id}"
OURS = "/staff/conversations/{conversation_id}"

VALID_REQUESTS: dict[str, Make] = {
    f"POST {THEIRS}/messages": lambda scene: scene.case().by_customer(message()),
    f"POST {THEIRS}/messages/{{message_id}}/recall": recalls,
    f"POST {THEIRS}/message-receipts": customer_receives,
    f"POST {THEIRS}/writing": lambda scene: asked(scene)[0].by_customer(),
    f"GET {THEIRS}/conversation.txt": lambda scene: asked(scene)[0].by_customer(),
    f"GET {THEIRS}/conversation.pdf": lambda scene: asked(scene)[0].by_customer(),
    f"POST {THEIRS}/chases": lambda scene: scene.case().by_customer(),
    f"POST {THEIRS}/complaints": lambda scene: scene.case().by_customer({"text": "没有人来"}),
    f"POST {THEIRS}/complaints/{{complaint_id}}/closing": closes,
    f"GET {OURS}": in_conversation(),
    f"GET {OURS}/messages": in_conversation(),
    f"POST {OURS}/messages": in_conversation(message),
    f"POST {OURS}/messages/{{message_id}}/recall": manager_recalls,
    f"POST {OURS}/documents/{{document_id}}/link": fetched_in_talk,
    f"POST {OURS}/message-receipts": in_conversation({"read": 1}),
    f"POST {OURS}/writing": in_conversation(),
    f"GET {OURS}/notes": in_conversation(),
    f"POST {OURS}/notes": in_conversation({"text": "备注"}),
    f"POST {OURS}/guests": in_conversation({"department": "design_institute"}),
    f"DELETE {OURS}/guests/{{department}}": invited,
    f"GET {OURS}/quick-replies": in_conversation(),
    f"GET {OURS}/complaints": in_conversation(),
    f"POST {OURS}/complaints": in_conversation({"text": "客户来电投诉"}),
    "POST /staff/conversations/search": lambda scene: of_manager(scene, {}, {"text": "演示"}),
    "POST /staff/quick-replies": lambda scene: of_manager(scene, {}, {"title": "问候", "text": "您好"}),
    "DELETE /staff/quick-replies/{reply_id}": forgets_reply,
    "POST /staff/cases/{case_id}/chases/{chase_id}/answer": chased,
    "POST /staff/complaints/{complaint_id}/answer": answers_complaint,
    "POST /staff/complaints/{complaint_id}/closing": supervisor_closes,
}
