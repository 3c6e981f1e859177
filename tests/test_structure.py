"""Rules about the structure that neither ruff nor import-linter can express."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = ("app", "demo", "miniprogram_api", "notifications")
# Imported by the product itself, when the first text message is sent.
LAZY = {"tencentcloud-sdk-python-sms"}
# Run by `make check`; the suite does not import them.
CHECKERS = {"deptry", "import-linter", "mypy", "ruff", "types-requests"}

MOST_MODULES = 12
# Reading personal data in full is a write: the record of the read.
RECORDS_OF_READS = {"app.services.history.access_log"}
# What writes, as it is called in this code.
WRITING_FUNCTIONS = {
    "insert",
    "update",
    "delete",
    "publish",
    "note",
    "insert_or_ignore",
    "insert_or_update",
    "insert_rows",
    "update_rows",
}
WRITING_METHODS = {"db.session.add", "db.session.add_all", "db.session.delete", "eventbus.publish"}

# Loaded by pytest itself, for the options in pyproject.toml.
PLUGINS = {"pytest-xdist"}


def _modules() -> list[Path]:
    return sorted(module for package in PACKAGES for module in (PROJECT / package).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("module", _modules(), ids=_name)
def test_module_is_named_after_what_it_holds(module: Path) -> None:
    assert not {"utils", "helpers", "common"} & {module.stem, module.parent.name}


@pytest.mark.parametrize("root", [module for module in _modules() if module.name == "__init__.py"], ids=_name)
def test_package_root_holds_its_docstring_and_nothing_else(root: Path) -> None:
    body = ast.parse(root.read_text(encoding="utf-8")).body
    if _name(root) == "app/models/__init__.py":
        # Re-exports its nouns, so that importing the package makes the metadata complete.
        body = [node for node in body if not isinstance(node, ast.ImportFrom | ast.Assign)]
    assert [type(node) for node in body] == [ast.Expr]
    assert ast.get_docstring(ast.Module(body, []))


def test_every_folder_is_a_package() -> None:
    folders = {module.parent for module in _modules()}
    assert [_name(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_services_are_folders_of_at_most_twelve_modules() -> None:
    services = PROJECT / "app" / "services"
    assert [module.name for module in services.glob("*.py")] == ["__init__.py"]
    sizes = {
        _name(folder): len(list(folder.glob("*.py"))) for folder in services.rglob("*") if folder.is_dir()
    }
    assert {folder: size for folder, size in sizes.items() if size > MOST_MODULES} == {}


def test_views_write_nothing() -> None:
    """A module in a `views` folder neither writes nor imports one that does (docs/decisions/0019)."""
    services = {_dotted(module): module for module in (PROJECT / "app" / "services").rglob("*.py")}
    writers = {name for name, module in services.items() if _writes(module)} - RECORDS_OF_READS
    views = {name: module for name, module in services.items() if "views" in name.split(".")}
    assert len(views) > 20
    assert writers & set(views) == set()
    assert {name: found for name, module in views.items() if (found := _imports(module) & writers)} == {}


def test_writers_are_recognised() -> None:
    names = {_dotted(module) for module in (PROJECT / "app" / "services").rglob("*.py") if _writes(module)}
    assert {
        "app.services.applications.drafts",
        "app.services.cases.flow.case_clock",
        "app.services.history.access_log",
        "app.services.visits.visit_updates",
    } <= names


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


def _dotted(module: Path) -> str:
    return ".".join(module.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def _writes(module: Path) -> bool:
    called = [node.func for node in ast.walk(_tree(module)) if isinstance(node, ast.Call)]
    return any(
        function.id in WRITING_FUNCTIONS
        if isinstance(function, ast.Name)
        else isinstance(function, ast.Attribute) and ast.unparse(function) in WRITING_METHODS
        for function in called
    )


def _imports(module: Path) -> set[str]:
    """Every module that is imported by name, or from which a name is imported."""
    nodes = [node for node in ast.walk(_tree(module)) if isinstance(node, ast.ImportFrom) and node.module]
    return {str(node.module) for node in nodes} | {
        f"{node.module}.{alias.name}" for node in nodes for alias in node.names
    }


@cache
def _tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))
