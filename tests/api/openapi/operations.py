"""The operations of the OpenAPI document, each with a request that succeeds."""

from collections.abc import Callable, Mapping
from typing import Any

import schemathesis

from tests.api.openapi.scene import Scene, ValidRequest
from tests.api.openapi.valid_requests import (
    account,
    applications,
    calendar,
    case_changes,
    conversations,
    deliveries,
    departures,
    documents,
    money,
    partner,
    promises,
    tasks,
    visits,
)
from tests.world import World

# A module for each area of the API. A new module is listed here.
AREAS = (
    account,
    applications,
    calendar,
    deliveries,
    departures,
    documents,
    money,
    partner,
    promises,
    conversations,
    tasks,
    case_changes,
    visits,
)

VALID_REQUESTS: Mapping[str, Callable[[Scene], ValidRequest]] = {
    label.replace(" /", " /api/v1/"): make for area in AREAS for label, make in area.VALID_REQUESTS.items()
}


def described(world: World) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", world.app)


def operations(world: World) -> list[Any]:
    return [result.ok() for result in described(world).get_all_operations()]


def valid_request(scene: Scene, operation: Any) -> ValidRequest:
    """A request that succeeds, made by the module of the operation's area.

    An operation without a line there looks at something that is there anyway, as customer or manager.
    """
    make = VALID_REQUESTS.get(operation.label)
    if make is not None:
        return make(scene)
    names = [parameter.name for parameter in operation.path_parameters]
    assert set(names) <= set(scene.ids), (
        f"{operation.label}: no entry in VALID_REQUESTS of its module in valid_requests/"
    )
    return ValidRequest(
        scene.world.staff("G001") if audience(operation) == "staff" else scene.customer,
        {name: scene.ids[name][0] for name in names},
    )


def audience(operation: Any) -> str:
    """customer, staff or partner."""
    found: str = operation.path.split("/")[3]
    return found
