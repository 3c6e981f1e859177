"""The OpenAPI document is valid and describes every operation in the same way."""

import re
from typing import Any

import pytest

from tests.api.openapi.operations import VALID_REQUESTS, described, operations
from tests.world import World

# What the document says is the same on every database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


# Words that stood here for something that has a common name: a reader of the API can't know them.
PRIVATE_WORDS = re.compile(
    r"\b(asides?|befalls?|doors?|floors?|gates?|given up|in the place of|keeping|manyrows|news|occasions?"
    r"|outside world|pieces?|refits?|rooms?|seats?|settl\w+|shapes?|stoppages?|told|turn(s|ed)? (of|back)"
    r"|let go|turns|whom it|wished for)\b",
    re.IGNORECASE,
)
A_SENTENCE = re.compile(r"[A-Z“].*[.!?”)]\Z", re.DOTALL)


def operations_and_schemas(world: World) -> dict[str, Any]:
    schemas: dict[str, Any] = described(world).raw_schema["components"]["schemas"]
    return schemas | {operation.label: operation.definition.raw for operation in operations(world)}


def properties(world: World) -> dict[str, Any]:
    return {
        f"{name}.{field}": value
        for name, schema in described(world).raw_schema["components"]["schemas"].items()
        for field, value in schema.get("properties", {}).items()
    }


def test_every_operation_and_every_schema_has_a_description(world: World) -> None:
    found = operations_and_schemas(world)
    assert [name for name, it in found.items() if not A_SENTENCE.match(it.get("description", ""))] == []


def test_no_description_uses_a_private_word(world: World) -> None:
    """Properties are described only where their name does not say enough."""
    texts = {
        name: it["description"]
        for name, it in (operations_and_schemas(world) | properties(world)).items()
        if "description" in it
    }
    assert {name: word[0] for name, text in texts.items() if (word := PRIVATE_WORDS.search(text))} == {}


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
