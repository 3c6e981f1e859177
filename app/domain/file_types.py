"""Which kind of file some bytes are, told by what they are and never by what they are called.

A closed list of six, each by its published signature. The well-kept libraries for this know neither
DXF nor every brand of HEIC, and guess where a plain no is wanted (docs/decisions/0008).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LARGEST_FILE = 20 * 1024 * 1024
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_DWG = re.compile(rb"AC10(0[2-9]|[1-9][0-9])")
# ASCII DXF: pairs of lines; comments (group 999) may precede the first section.
_DXF = re.compile(rb"(?:[ \t]*999\r?\n[^\r\n]*\r?\n)*[ \t]*0\r?\n[ \t]*SECTION\r?\n")
_DXF_BINARY = b"AutoCAD Binary DXF\r\n\x1a\x00"


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file that is taken: its media type and the ending it is handed out with."""

    media_type: str
    ending: str
    fits: Callable[[bytes], bool]


def _is_heic(head: bytes) -> bool:
    if head[4:8] != b"ftyp":
        return False
    length = int.from_bytes(head[:4], "big")
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(length, len(head)), 4))}
    return bool(brands & _HEIC_BRANDS)


TYPES = (
    FileType("application/pdf", ".pdf", lambda head: head.startswith(b"%PDF-")),
    FileType("image/jpeg", ".jpg", lambda head: head.startswith(b"\xff\xd8\xff")),
    FileType("image/png", ".png", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")),
    FileType("image/heic", ".heic", _is_heic),
    FileType("image/vnd.dwg", ".dwg", lambda head: _DWG.match(head) is not None),
    FileType(
        "image/vnd.dxf",
        ".dxf",
        lambda head: head.startswith(_DXF_BINARY) or _DXF.match(head) is not None,
    ),
)
SEEN_BY_WECHAT = frozenset({"image/jpeg", "image/png"})
"""The pictures that WeChat can check, and show in its chat."""

PICTURES = tuple(kind for kind in TYPES if kind.media_type in {"image/jpeg", "image/png", "image/heic"})
VOICES = (
    FileType("audio/amr", ".amr", lambda head: head.startswith((b"#!AMR\n", b"#!AMR-WB\n"))),
    FileType(
        "audio/mpeg",
        ".mp3",
        lambda head: head.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    ),
    FileType("audio/ogg", ".ogg", lambda head: head.startswith(b"OggS")),
)
"""What WeChat's chat brings as voice; nobody uploads such."""

_BY_MEDIA_TYPE = {kind.media_type: kind for kind in (*TYPES, *VOICES)}
_HEAD = 4096


def recognise(content: bytes, among: Sequence[FileType] = TYPES) -> FileType | None:
    """The type of these bytes, or None when they are none of those that are taken."""
    head = content[:_HEAD]
    return next((kind for kind in among if kind.fits(head)), None)


def ending_of(media_type: str) -> str:
    """The ending for a stored media type. Raises `KeyError` for one that was never stored."""
    return _BY_MEDIA_TYPE[media_type].ending
