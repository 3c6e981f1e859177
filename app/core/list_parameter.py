"""A list of texts as one parameter, so that a statement's SQL is the same for any number of texts.

PostgreSQL gets an array. SQLite has none and gets JSON.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, Boolean, ColumnElement, Text, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

_POSTGRESQL = "postgresql"


def one_of(candidate: Any, name: str) -> ColumnElement[bool]:
    """Whether a text column is one of the texts that are given as the parameter `name`."""
    return _OneOf(candidate, bindparam(name, type_=_Texts()))


class _Texts(TypeDecorator[Sequence[str]]):
    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == _POSTGRESQL else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        texts = [str(item) for item in value or ()]
        return texts if dialect.name == _POSTGRESQL else orjson.dumps(texts).decode()


class _OneOf(FunctionElement[bool]):
    """A column, and the parameter with its possible values."""

    type = Boolean()
    inherit_cache = True


@compiles(_OneOf, _POSTGRESQL)
def _in_postgresql(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    candidate, texts = (compiler.process(part, **options) for part in element.clauses)
    return f"({candidate} = ANY ({texts}))"


@compiles(_OneOf)
def _in_sqlite(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    candidate, texts = (compiler.process(part, **options) for part in element.clauses)
    return f"({candidate} IN (SELECT value FROM json_each({texts})))"  # noqa: S608 - compiled parts, no values
