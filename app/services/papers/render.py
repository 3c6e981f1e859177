"""From a Typst template and its data to a PDF: the same bytes for the same data, wherever it is made."""

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import typst

FONT_PACKAGE = "cvttf_NotoSansCJK_Regular"
"""Brings Noto Sans CJK, whose glyphs are embedded; the machine's own fonts are never looked at."""


class FontMissingError(RuntimeError):
    """The package with the font is not installed."""


def render(template: Path, data: Mapping[str, Any]) -> bytes:
    """The PDF of `template` filled with `data`, which the template reads as JSON from `sys.inputs.data`.

    A value is never taken for markup. Nothing outside the template's folder can be read, and the PDF
    carries no moment of its making. Raises `typst.TypstError` for a faulty template.
    """
    return typst.compile(
        template,
        root=template.parent,
        font_paths=[_fonts()],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": orjson.dumps(data).decode()},
        timestamp=0,
    )


@cache
def _fonts() -> Path:
    # Only looked for and not imported: all that the package has to give is the file beside its code.
    found = importlib.util.find_spec(FONT_PACKAGE)
    if found is None or found.origin is None:
        raise FontMissingError(FONT_PACKAGE)
    return Path(found.origin).parent
