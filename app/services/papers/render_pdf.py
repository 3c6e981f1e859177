"""Rendering a PDF from a Typst template of the city's folder and data.

Only the two decide the result: no system font, no clock, no package from the network. The same template and
data give the same bytes, so that a stored hash proves which paper somebody agreed to.
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

# The one Chinese font on PyPI: Noto Sans CJK. It holds the glyphs of every region; the template's
# `set text(lang: "zh", region: "cn")` chooses those of the mainland.
FONT_PACKAGE = "cvttf_NotoSansCJK_Regular"
FONT = "Noto Sans CJK TC"


class PaperError(RuntimeError):
    """A template can't be rendered with the data it was given: the template or its caller is wrong."""


def render(template: Path, data: Mapping[str, Any]) -> bytes:
    """The PDF of a template.

    The template reads `json(bytes(sys.inputs.data))` and can read nothing outside its own folder. Values are
    JSON (texts, numbers, lists, tables, true, false, null); texts are printed as they are and never run as
    markup. Raises `PaperError`.
    """
    # Imported here: a process that makes no paper needs no typesetter.
    import typst

    try:
        made = typst.compile(
            str(template),
            root=str(template.parent),
            font_paths=[str(files(FONT_PACKAGE))],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": orjson.dumps(dict(data)).decode(), "font": FONT},
            # Typst would otherwise write the present moment into the file.
            timestamp=0,
        )
    except typst.TypstError as fault:
        raise PaperError(f"{template}: {fault}") from fault
    assert isinstance(made, bytes)  # noqa: S101 - a PDF is one file, only pictures are a list of pages
    return made
