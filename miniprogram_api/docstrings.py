"""Docstrings as the descriptions of the OpenAPI document."""

import inspect
import re

_WRAPPED = re.compile(r"(?<!\n)\n(?!\n)")


def description(documented: object) -> str:
    """The docstring of a view or schema, each paragraph on one line. Empty without a docstring of its own."""
    text = getattr(documented, "__doc__", None) or ""
    return _WRAPPED.sub(" ", inspect.cleandoc(text))
