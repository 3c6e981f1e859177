"""A task can't be completed without the photos, drawings and papers that it needs."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.core.db import db
from app.models import Meter
from demo.story.evidence import NAME, PICTURE
from tests import paperwork
from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.world import OUTPUTS, SINGLE_METER, Phone, World


def bring(phone: Phone, case: str, kind: str) -> str:
    answer = phone.client.post(
        f"/api/v1/staff/cases/{case}/documents",
        data={"kind": kind, "file": (BytesIO(PICTURE), NAME)},
        headers={"Authorization": f"Bearer {phone.token}", "Idempotency-Key": uuid4().hex},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def task_of(phone: Phone, case: str, key: str) -> Any:
    tasks = phone.get(f"/staff/cases/{case}/tasks")["items"]
    return next(task for task in tasks if task["key"] == key and task["state"] == "open")


def there(phone: Phone, case: str, key: str) -> dict[str, tuple[int, int]]:
    needed = task_of(phone, case, key)["documents"]
    return {line["kind"]: (line["there"], line["at_least"]) for line in needed}


@pytest.fixture
def case(world: World) -> str:
    """The works are under way."""
    found: str = world.submitted(world.log_in("o_customer", "13800000001"))["id"]
    for key in SINGLE_METER[: SINGLE_METER.index("build_and_accept")]:
        world.complete(found, key)
    return found


def test_works_are_not_complete_without_their_papers_and_all_that_lack_are_named(
    world: World, case: str
) -> None:
    engineer = world.staff("E001")
    assert there(engineer, case, "build_and_accept") == {
        "trench_photo": (0, 1),
        "pipe_photo": (0, 1),
        "pressure_record": (0, 1),
        "backfill_photo": (0, 1),
        "acceptance_record": (0, 1),
    }
    for kind in ("trench_photo", "pipe_photo", "backfill_photo"):
        bring(engineer, case, kind)
    assert there(engineer, case, "build_and_accept")["trench_photo"] == (1, 1)
    path = f"/staff/tasks/{task_of(engineer, case, 'build_and_accept')['id']}/completion"
    delivered = paperwork.at_present(OUTPUTS["build_and_accept"])
    outputs = {"accepted_at": delivered["accepted_at"]}
    with nothing_changes(world.app):
        problem = refused(engineer.send("POST", path, {"outputs": outputs}), 422, "invalid_fields")
    assert {error["field"]: error["message"] for error in problem["errors"]} == {
        "acceptance_result": "请填写“验收结果”。",
        "documents.pressure_record": "请先上传“试压记录”，还差1份。",
        "documents.acceptance_record": "请先上传“验收记录”，还差1份。",
    }
    for kind in ("pressure_record", "acceptance_record"):
        bring(engineer, case, kind)
    assert engineer.post(path, {"outputs": delivered})["state"] == "done"


def test_a_meter_is_kept_with_its_photo(world: World, case: str) -> None:
    world.complete(case, "build_and_accept")
    first, last = (bring(world.staff("M001"), case, "meter_photo") for _ in range(2))
    world.at("2026-09-18 09:05")
    photo = bring(world.staff("M001"), case, "meter_photo")
    assert len({first, last, photo}) == 3
    task = task_of(world.staff("M001"), case, "water_on")
    assert [line["there"] for line in task["documents"]] == [3]
    # `complete` brings one more, at the same moment or later.
    world.at("2026-09-18 09:06")
    world.complete(case, "water_on")
    with world.app.app_context():
        kept = db.session.scalars(select(Meter.photo_id).where(Meter.case_id == case)).one()
        db.session.remove()
    newest = world.staff("M001").get(f"/staff/cases/{case}/documents")["items"][-1]
    assert (newest["kind"], newest["id"]) == ("meter_photo", kept)


def test_work_that_is_done_again_is_shown_again(world: World) -> None:
    case = world.submitted(world.log_in("o_customer", "13800000001"))["id"]
    manager, designer = world.staff("G001"), world.staff("D001")
    for key in SINGLE_METER[: SINGLE_METER.index("sign_agreement")]:
        world.complete(case, key)
    world.at("2026-09-18 10:00")
    version = manager.get(f"/staff/cases/{case}")["version"]
    body = {"version": version, "stage": "design", "reason": "现场管位与图纸不符"}
    manager.post(f"/staff/cases/{case}/returns", body)
    # The drawing of the first round is still among the documents, and does not count for the second.
    assert there(designer, case, "drawings") == {"design_drawing": (0, 1)}
    world.at("2026-09-18 10:05")
    bring(designer, case, "design_drawing")
    assert there(designer, case, "drawings") == {"design_drawing": (1, 1)}
