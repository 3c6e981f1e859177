"""Every answer is as the OpenAPI document describes it, and none is a 5xx."""

from contextlib import suppress
from copy import deepcopy
from enum import Enum, auto
from typing import Any

import pytest
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

from tests.api.answers import json_of
from tests.api.openapi.operations import audience, described, operations, valid_request
from tests.api.openapi.scene import Scene
from tests.api.openapi.send_request import Caller, call
from tests.world import SINGLE_METER, World

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


class Ids(Enum):
    """The identifiers in the path: those of the valid request, others that exist, or invented ones."""

    VALID = auto()
    OTHER = auto()
    INVENTED = auto()


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


def test_every_operation_can_succeed_as_described(scene: Scene) -> None:
    """A success of each: else its schema would be described and never looked at."""
    failed = {}
    for operation in operations(scene.world):
        valid = valid_request(scene, operation)
        body = {} if valid.body is None else {"body": valid.body}
        case = operation.Case(path_parameters=dict(valid.ids), **body)
        answer, headers = call(case, valid.who)
        case.validate_response(answer, checks=CHECKS, headers=headers)
        if answer.status_code >= 300:
            failed[operation.label] = (answer.status_code, answer.text)
    assert failed == {}


def test_every_operation_answers_as_described(scene: Scene) -> None:
    """Fuzzed with what the document allows and with what it does not, on real and on invented ids."""
    seen: dict[str, set[int]] = {}
    for operation in operations(scene.world):
        seen[operation.label] = fuzz(scene, operation)
    tried = {status for statuses in seen.values() for status in statuses}
    assert {200, 201, 401, 403, 404, 409, 422} <= tried


def fuzz(scene: Scene, operation: Any) -> set[int]:
    """The statuses that an operation answered with."""
    seen = set()
    # Made once: the first to send it succeeds, and the next ones ask for what is done already.
    valid = valid_request(scene, operation)
    callers = [*[valid.who] * 3, *others(scene, operation)]

    def answered(case: Any, who: Caller, *, once: bool) -> None:
        answer, headers = call(case, who, once=once)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS, headers=headers)

    @fuzzing
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        ids=st.sampled_from(Ids),
        pick=st.integers(0, 9),
        who=st.sampled_from(callers),
        as_allowed=st.booleans(),
    )
    def rightly(case: Any, ids: Ids, pick: int, who: Caller, as_allowed: bool) -> None:
        for name, id_ in valid.ids.items() if ids is not Ids.INVENTED else ():
            there = scene.ids.get(name, [id_])
            case.path_parameters[name] = id_ if ids is Ids.VALID else there[pick % len(there)]
        if as_allowed and valid.body is not None:
            case.body = deepcopy(valid.body)
        answered(case, who, once=True)

    @fuzzing
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), who=st.sampled_from(callers))
    def wrongly(case: Any, who: Caller) -> None:
        # What is wrong with the request may be its very key.
        answered(case, who, once=False)

    rightly()
    # Not every operation can be asked wrongly.
    with suppress(Unsatisfiable):
        wrongly()
    return seen


def others(scene: Scene, operation: Any) -> list[Caller]:
    """Whoever else may try; logged in anew, since the operation may log them out."""
    match audience(operation):
        case "staff":
            return [None, *(scene.world.staff(number) for number in ("G001", "N001", "S001"))]
        case "customer":
            return [None, scene.somebody()]
    return [None, scene.small_platform]


def test_the_fast_progress_answer_fits_its_schema(world: World) -> None:
    """The hottest read is answered without a pass through its schema; here it is held to it."""
    operation = described(world)["/api/v1/customer/cases/{case_id}"]["GET"]
    case = world.submitted(world.log_in("o_customer", "13800000001"))
    states = []
    for key in (None, *SINGLE_METER):
        if key is not None:
            world.complete(case["id"], key)
        answer = world.log_in("o_customer").send("GET", f"/customer/cases/{case['id']}")
        operation.validate_response(answer)
        said = json_of(answer)
        states.append((said["state"], said["clock"]["stopped"], said["rating"]))
    # Of each kind one at least: under way, stopped, closed and rated.
    assert {("open", False, None), ("open", True, None), ("closed", False, 5)} == set(states)
