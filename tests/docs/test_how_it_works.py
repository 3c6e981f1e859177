"""docs/how-it-works.md names only files and functions that exist."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
REFERENCES = sorted(set(re.findall(r"`([\w/]+\.py)(?:::([\w.]+))?`", PAGE)))


def test_the_page_is_full_of_references() -> None:
    assert len(REFERENCES) > 30


@pytest.mark.parametrize(("file", "name"), REFERENCES, ids=str)
def test_reference_exists(file: str, name: str) -> None:
    path = PROJECT / file
    assert path.is_file()
    if name:
        assert name in _names(ast.parse(path.read_text(encoding="utf-8")))


def _names(tree: ast.Module) -> set[str]:
    """Functions, classes and constants of a module, and the methods of its classes as `Class.method`."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found
