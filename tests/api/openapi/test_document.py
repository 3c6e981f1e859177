"""The OpenAPI document is valid and describes every operation in the same way."""

import pytest

from tests.api.openapi.operations import VALID_REQUESTS, described, operations
from tests.world import World

# What the document says is the same on every database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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


def test_every_valid_request_names_an_operation_of_the_document(world: World) -> None:
    assert set(VALID_REQUESTS) <= {operation.label for operation in operations(world)}
