"""The OpenAPI document tells the truth: no answer is other than it says, and none is a 5xx."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.said import told
from tests.world import ANSWERS, OUTPUTS, Phone, World

# What the document says is the same on every database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

EXAMPLES = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# As many every time: a test that finds something now and then is a test that nobody believes.
fuzzing = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Scene(NamedTuple):
    """Real people and real things for the operations to work on."""

    world: World
    customer: Phone
    staff: dict[str, Phone]
    ids: dict[str, list[str]]
    lookup: dict[str, str]

    def token_for(self, path: str, number: str = "G001") -> str:
        return self.staff[number].token if "/staff/" in path else self.customer.token


@pytest.fixture
def scene(world: World) -> Scene:
    customer = world.log_in("o_customer", "13800000001")
    watered = world.submitted(customer)
    for key in OUTPUTS:
        if key != "return_visit":
            world.complete(watered["id"], key)
    case = world.submitted(customer)
    staff = {number: world.staff(number) for number in ("G001", "N001", "S001")}
    taken_by_phone = staff["G001"].post("/staff/applications", {**TAKEN, "answers": dict(ANSWERS)})
    unconfirmed = staff["G001"].post(f"/staff/applications/{taken_by_phone['id']}/submission")
    own = customer.post("/customer/applications", {"program": "single_meter"})
    saved = customer.send("PATCH", f"/customer/applications/{own['id']}", {"answers": dict(ANSWERS)})
    assert saved.status_code == 200
    taken = staff["G001"].post("/staff/applications", TAKEN)
    stop = staff["G001"].post(
        f"/staff/cases/{case['id']}/stops",
        {"reason": "contract_review", "party": "customer", "evidence": "客户在看合同"},
    )
    said = customer.post(f"/customer/cases/{case['id']}/messages", a_message("phone-0000"))
    answered = staff["G001"].post(f"/staff/conversations/{case['id']}/messages", a_message("staff-0000"))
    chase = customer.post(f"/customer/cases/{case['id']}/chases")
    complaint = customer.post(f"/customer/cases/{case['id']}/complaints", {"text": "没有人来"})
    quiet = world.submitted(world.log_in("o_second", "13800000002"), contact_phone="13800000002")
    # One that the customer does not close, for a supervisor to do so.
    other = world.submitted(customer)
    elsewhere = customer.post(f"/customer/cases/{other['id']}/complaints", {"text": "没有人来"})
    reply = staff["G001"].post("/staff/quick-replies", {"title": "问候", "text": "您好"})
    world.work()
    return Scene(
        world,
        customer,
        staff,
        {
            "case_id": [case["id"], watered["id"], unconfirmed["id"]],
            "application_id": [own["id"], taken["id"]],
            "notice_id": [
                phone.get(f"/{audience}/notices")["items"][0]["id"]
                for phone, audience in ((customer, "customer"), (staff["G001"], "staff"))
            ],
            "task_id": [
                task["id"] for task in staff["S001"].get(f"/staff/cases/{case['id']}/tasks")["items"]
            ],
            "stop_id": [stop["id"]],
            # The second message is in the second conversation; in the first nobody has complained yet.
            "conversation_id": [quiet["id"], case["id"]],
            "message_id": [said["id"], answered["id"]],
            "chase_id": [chase["id"]],
            "complaint_id": [complaint["id"], elsewhere["id"]],
            "reply_id": [reply["id"]],
            "department": ["design_institute"],
            "program": ["single_meter", "residential"],
        },
        {"number": case["number"], "phone_last_digits": "0001"},
    )


def a_message(client_id: str) -> dict[str, Any]:
    return {"client_id": client_id, "text": "您好"}


TAKEN = {
    "program": "single_meter",
    "channel": "telephone",
    "answers": {**ANSWERS, "contact_phone": "13800000003"},
}
# Bodies with which an operation succeeds; those that need something fresh are made below.
SOUND: dict[str, Any] = {
    "POST /api/v1/customer/cases/{case_id}/stops/{stop_id}/dispute": {"text": "当天我已看完合同"},
    "POST /api/v1/staff/cases/{case_id}/stops/{stop_id}/ruling": {"ruling": "struck", "reason": "核查无据"},
    "POST /api/v1/staff/cases/{case_id}/road-permit/steps": {"step": "needed", "evidence": "现场踏勘"},
    "POST /api/v1/customer/applications": {"program": "single_meter"},
    "PATCH /api/v1/customer/applications/{application_id}": {"answers": {"project_name": "改名"}},
    "POST /api/v1/staff/applications": TAKEN,
    "PATCH /api/v1/staff/applications/{application_id}": {"answers": {"project_name": "改名"}},
    "POST /api/v1/staff/cases/{case_id}/stops": {
        "reason": "road_permit",
        "party": "authority",
        "evidence": "交警支队受理单",
    },
    "POST /api/v1/staff/tasks/{task_id}/completion": {"outputs": OUTPUTS["network_survey"]},
    "POST /api/v1/customer/cases/{case_id}/messages": {"client_id": "phone-0001", "text": "您好"},
    "POST /api/v1/customer/cases/{case_id}/complaints": {"text": "没有人来"},
    "POST /api/v1/staff/cases/{case_id}/chases/{chase_id}/answer": {"text": "下午到"},
    "POST /api/v1/staff/conversations/search": {"text": "演示"},
    "POST /api/v1/staff/conversations/{conversation_id}/notes": {"text": "备注"},
    "POST /api/v1/staff/conversations/{conversation_id}/guests": {"department": "design_institute"},
    "POST /api/v1/staff/quick-replies": {"title": "问候", "text": "您好"},
    "POST /api/v1/staff/conversations/{conversation_id}/complaints": {"text": "没有人来"},
    "POST /api/v1/staff/complaints/{complaint_id}/answer": {"text": "已办"},
    "POST /api/v1/staff/complaints/{complaint_id}/closing": {"text": "已办"},
    "POST /api/v1/staff/conversations/{conversation_id}/messages": {
        "client_id": "phone-0001",
        "text": "您好",
    },
    "POST /api/v1/customer/cases/{case_id}/rating": {"rating": 5, "remark": "很好"},
}


def sound_bodies(scene: Scene) -> dict[str, Callable[[], Any]]:
    world = scene.world

    def fresh(kind: str, **user: str) -> Callable[[], Any]:
        return lambda: {"code": world.codes(**user)[kind]}

    return {
        **{key: partial(dict, body) for key, body in SOUND.items()},
        "POST /api/v1/customer/sessions": fresh("login_code", openid="o_new"),
        "POST /api/v1/staff/sessions": fresh("login_code", openid="staff_N001"),
        "POST /api/v1/customer/phone": fresh("phone_code", openid="o_customer", phone="13800000001"),
        "POST /api/v1/customer/lookups": lambda: scene.lookup,
        "POST /api/v1/customer/consents": lambda: {
            "version": scene.customer.get("/customer/privacy")["version"]
        },
        "POST /api/v1/customer/subscriptions": lambda: {
            "choices": {scene.customer.get("/customer/subscriptions")["templates"][0]["key"]: "accept"}
        },
    }


def described(world: World) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", world.app)


def operations(world: World) -> list[Any]:
    found = [result.ok() for result in described(world).get_all_operations()]
    # A struck stop can't be disputed, so the ruling late; logging out last, no token is worth anything then.
    # The customer closes a complaint before a supervisor does.
    late = ("/staff/complaints/{complaint_id}/closing", "/ruling", "/sessions/current")
    return sorted(found, key=lambda operation: [operation.path.endswith(end) for end in reversed(late)])


def headers(scene: Scene, operation: Any, number: str = "G001") -> dict[str, str]:
    return {
        "Authorization": f"Bearer {scene.token_for(operation.path, number)}",
        "Idempotency-Key": uuid4().hex,
    }


def test_the_document_is_openapi_3_1(world: World) -> None:
    schema = described(world)
    schema.validate()
    assert schema.raw_schema["openapi"].startswith("3.1.")
    tags = {tag["name"] for tag in schema.raw_schema["tags"]}
    for operation in operations(world):
        said = operation.definition.raw
        assert set(said["tags"]) <= tags, operation.label
        assert said["summary"], operation.label
        if "requestBody" in said:
            assert said["requestBody"]["required"] is True, operation.label


def test_every_operation_answers_as_described(scene: Scene) -> None:
    """Fuzzed with what the document allows and with what it does not, on real and on invented ids."""
    seen: dict[str, set[int]] = defaultdict(set)
    for operation in operations(scene.world):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            fuzz(scene, operation, mode, seen[operation.label])
    tried = {status for statuses in seen.values() for status in statuses}
    assert {200, 201, 401, 404, 422} <= tried


def fuzz(scene: Scene, operation: Any, mode: GenerationMode, seen: set[int]) -> None:
    sound = sound_bodies(scene).get(operation.label)

    @fuzzing
    @given(
        case=operation.as_strategy(generation_mode=mode),
        real=st.booleans(),
        pick=st.integers(0, 9),
        number=st.sampled_from(["G001", "N001", "S001"]),
        as_allowed=st.booleans(),
    )
    def run(case: Any, real: bool, pick: int, number: str, as_allowed: bool) -> None:
        sent = headers(scene, operation, number)
        if mode is GenerationMode.POSITIVE:
            if real:
                for name in case.path_parameters or {}:
                    case.path_parameters[name] = scene.ids[name][pick % len(scene.ids[name])]
            if as_allowed and sound is not None and "code" not in case.body:
                case.body = sound()
        else:
            # What is wrong with the request may be its very key.
            del sent["Idempotency-Key"]
        if operation.path.endswith("/sessions/current"):
            sent["Authorization"] = f"Bearer {scene.world.log_in('o_leaving').token}"
        response = case.call(headers=sent)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS, headers=sent)

    try:
        run()
    except Unsatisfiable:
        # Not every operation can be asked wrongly.
        assert mode is GenerationMode.NEGATIVE, operation.label


def test_every_operation_can_succeed_as_described(scene: Scene) -> None:
    """A success of each: else its schema would be described and never looked at."""
    world, ids = scene.world, scene.ids
    bodies = sound_bodies(scene)
    failed = {}
    for operation in operations(world):
        names = [parameter.name for parameter in operation.path_parameters]
        tried = []
        for number, person in product(
            range(max((len(ids[name]) for name in names), default=1)), ("G001", "N001", "S001")
        ):
            case = operation.Case(
                path_parameters={name: ids[name][number % len(ids[name])] for name in names},
                **({"body": bodies[operation.label]()} if operation.label in bodies else {}),
            )
            sent = headers(scene, operation, person)
            response = case.call(headers=sent)
            case.validate_response(response, checks=CHECKS, headers=sent)
            tried.append(response.status_code)
        if not any(status < 300 for status in tried):
            failed[operation.label] = tried
    assert failed == {}


def test_the_fast_progress_answer_fits_its_schema(world: World) -> None:
    """The hottest read is answered without a pass through its schema; here it is held to it."""
    operation = described(world)["/api/v1/customer/cases/{case_id}"]["GET"]
    case = world.submitted(world.log_in("o_customer", "13800000001"))
    states = []
    for key in (None, *OUTPUTS):
        if key is not None:
            world.complete(case["id"], key)
        answer = world.log_in("o_customer").send("GET", f"/customer/cases/{case['id']}")
        operation.validate_response(answer)
        said = told(answer)
        states.append((said["state"], said["clock"]["stopped"], said["rating"]))
    # Of each kind one at least: under way, stopped, closed and rated.
    assert {("open", False, None), ("open", True, None), ("closed", False, 5)} == set(states)
