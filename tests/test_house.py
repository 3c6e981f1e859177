"""The rules of the house that neither ruff nor import-linter can be told."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FLOORS = ("app", "demo", "miniprogram_api", "notifications")
# Imported by the product itself, when the first text message is sent.
LAZY = {"tencentcloud-sdk-python-sms"}
# Run by `make check`; the suite does not import them.
CHECKERS = {"deptry", "import-linter", "mypy", "ruff", "types-requests"}

# Loaded by pytest itself, for the options in pyproject.toml.
PLUGINS = {"pytest-xdist"}


def _rooms() -> list[Path]:
    return sorted(room for floor in FLOORS for room in (PROJECT / floor).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("room", _rooms(), ids=_name)
def test_room_is_named_after_what_it_holds(room: Path) -> None:
    assert not {"utils", "helpers", "common"} & {room.stem, room.parent.name}


@pytest.mark.parametrize("root", [room for room in _rooms() if room.name == "__init__.py"], ids=_name)
def test_package_root_holds_its_docstring_and_nothing_else(root: Path) -> None:
    body = ast.parse(root.read_text(encoding="utf-8")).body
    if _name(root) == "app/models/__init__.py":
        # Re-exports its nouns, so that importing the package makes the metadata complete.
        body = [node for node in body if not isinstance(node, ast.ImportFrom | ast.Assign)]
    assert [type(node) for node in body] == [ast.Expr]
    assert ast.get_docstring(ast.Module(body, []))


def test_every_folder_of_a_floor_is_a_package() -> None:
    folders = {room.parent for room in _rooms()}
    assert [_name(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_development_dependencies_are_used() -> None:
    """Runtime ones are deptry's concern; it does not look at those of development."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[\[<>=]", entry)[0] for entry in project["optional-dependencies"]["dev"]}
    used = {
        module
        for folder in ("tests", "benchmarks")
        for file in (PROJECT / folder).rglob("*.py")
        for module in _imported(file)
    }
    assert {name for name in names - CHECKERS - LAZY - PLUGINS if name.replace("-", "_") not in used} == set()


def _imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
