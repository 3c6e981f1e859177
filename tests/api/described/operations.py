"""The operations of the OpenAPI document, each with a request that succeeds."""

from collections.abc import Callable, Mapping
from typing import Any

import schemathesis

from tests.api.described.scene import Scene, Sound
from tests.api.described.sound import (
    account,
    applications,
    calendar,
    deliveries,
    documents,
    money,
    partner,
    promises,
    talk,
    tasks,
    turns,
    visits,
)
from tests.world import World

# One room for each area; a new one has its line here.
ROOMS = (
    account,
    applications,
    calendar,
    deliveries,
    documents,
    money,
    partner,
    promises,
    talk,
    tasks,
    turns,
    visits,
)

SOUND: Mapping[str, Callable[[Scene], Sound]] = {
    label.replace(" /", " /api/v1/"): make for room in ROOMS for label, make in room.SOUND.items()
}


def described(world: World) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", world.app)


def operations(world: World) -> list[Any]:
    return [result.ok() for result in described(world).get_all_operations()]


def sound_request(scene: Scene, operation: Any) -> Sound:
    """A new one from the operation's room.

    An operation without a line there looks at something that is there anyway, as customer or manager.
    """
    make = SOUND.get(operation.label)
    if make is not None:
        return make(scene)
    names = [parameter.name for parameter in operation.path_parameters]
    assert set(names) <= set(scene.ids), f"{operation.label}: a line in a room of sound/ is missing"
    return Sound(
        scene.world.staff("G001") if audience(operation) == "staff" else scene.customer,
        {name: scene.ids[name][0] for name in names},
    )


def audience(operation: Any) -> str:
    """customer, staff or partner."""
    found: str = operation.path.split("/")[3]
    return found
