"""Documents brought, asked for and fetched."""

from io import BytesIO
from uuid import uuid4

from demo.story.evidence import NAME, PICTURE
from tests.api.openapi.scene import OwnCase, Scene, ValidRequest

FORM = {"kind": "site_photo", "file": PICTURE}


def with_document(scene: Scene) -> tuple[OwnCase, str]:
    case = scene.case()
    answer = case.customer.client.post(
        f"/api/v1/customer/cases/{case.id}/documents",
        data={**FORM, "file": (BytesIO(PICTURE), NAME)},
        headers={"Authorization": f"Bearer {case.customer.token}", "Idempotency-Key": uuid4().hex},
    )
    assert answer.status_code == 201, answer.text
    return case, answer.get_json()["id"]


def fetched_by_customer(scene: Scene) -> ValidRequest:
    case, document = with_document(scene)
    return case.by_customer(document_id=document)


def fetched_by_manager(scene: Scene) -> ValidRequest:
    case, document = with_document(scene)
    return case.by("G001", document_id=document)


def withdrawn_by_staff(scene: Scene) -> ValidRequest:
    case = scene.case()
    engineer = scene.world.staff("E001")
    answer = engineer.client.post(
        f"/api/v1/staff/cases/{case.id}/documents",
        data={**FORM, "file": (BytesIO(PICTURE), NAME)},
        headers={"Authorization": f"Bearer {engineer.token}"},
    )
    assert answer.status_code == 201, answer.text
    return case.by("E001", document_id=answer.get_json()["id"])


VALID_REQUESTS = {
    "DELETE /customer/cases/{case_id}/documents/{document_id}": fetched_by_customer,
    "DELETE /staff/cases/{case_id}/documents/{document_id}": withdrawn_by_staff,
    "POST /customer/cases/{case_id}/documents": lambda scene: scene.case().by_customer(FORM),
    "GET /customer/cases/{case_id}/documents/{document_id}/link": fetched_by_customer,
    "POST /staff/cases/{case_id}/documents": lambda scene: scene.case().by("G001", FORM),
    "POST /staff/cases/{case_id}/documents/{document_id}/link": fetched_by_manager,
    "POST /staff/cases/{case_id}/document-requests": lambda scene: scene.case("residential").by(
        "G001", {"document": "project_drawings"}
    ),
}
