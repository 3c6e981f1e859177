"""Taking out of a picture what the camera wrote into it: place, time, device, owner, a smaller copy.

Without loss: the picture itself is not decoded, only its metadata is left out or overwritten. Of Exif only
the orientation stays, without which a photo would lie on its side. Sources: ITU-T T.81 (JPEG), Exif 2.32,
W3C PNG (third edition), ISO/IEC 14496-12 and 23008-12 (HEIF).
"""

import struct
from collections.abc import Callable, Iterator, Mapping

_APP0, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE2, 0xEE, 0xEF, 0xFE
_EXIF, _ICC = b"Exif\x00\x00", b"ICC_PROFILE\x00"
_START_OF_SCAN, _END = 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_ORIENTATION, _SHORT = 0x0112, 3
# What tells of a person in a file that is not built as it should be.
_TELLTALES = (b"Exif", b"http://ns.adobe.com/x", b"Photoshop 3.0\x00", b"eXIf", b"XML:com.adobe.xmp")

_PNG_HEAD = 8
_PNG_KEPT = frozenset(
    {
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"cHRM",
        b"gAMA",
        b"iCCP",
        b"sBIT",
        b"sRGB",
        b"bKGD",
        b"pHYs",
    }
    | {b"cICP", b"mDCV", b"cLLI", b"hIST", b"sPLT", b"acTL", b"fcTL", b"fdAT"}
)

_BOX_HEAD = 8
_HEIF_KEPT = frozenset({b"ftyp", b"meta", b"mdat", b"free", b"skip", b"idat"})
_IN_IDAT = 1
_TELLING_ITEMS = frozenset({b"Exif", b"mime", b"uri "})


class UncleanableError(ValueError):
    """The picture is not built as its kind should be, and what it tells of people can't be taken out."""


def without_metadata(media_type: str, content: bytes) -> bytes:
    """The same picture without metadata; other kinds of files unchanged.

    Also unchanged is a picture that is not built as its kind should be and holds no sign of metadata. Raises
    `UncleanableError` for one that holds some.
    """
    clean = _CLEANERS.get(media_type)
    if clean is None:
        return content
    try:
        return clean(content)
    except (UncleanableError, struct.error, IndexError) as fault:
        if any(telltale in content for telltale in _TELLTALES):
            raise UncleanableError from fault
        return content


def _clean_jpeg(content: bytes) -> bytes:
    kept = bytearray(content[:2])
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            raise UncleanableError
        marker = content[at + 1]
        if marker == 0xFF or marker in _ALONE:
            kept += content[at : at + 1] if marker == 0xFF else content[at : at + 2]
            at += 1 if marker == 0xFF else 2
            continue
        if marker == _END:
            break
        length = 2 + struct.unpack_from(">H", content, at + 2)[0]
        if at + length > len(content):
            raise UncleanableError
        kept += _kept_segment(marker, content[at : at + length])
        at += length
        if marker == _START_OF_SCAN:
            end = _end_of_scan(content, at)
            kept += content[at:end]
            at = end
    # What follows the end of the picture, such as a second one or a film, is left out.
    return bytes(kept + b"\xff\xd9")


def _kept_segment(marker: int, segment: bytes) -> bytes:
    body = segment[4:]
    if marker == _COMMENT:
        return b""
    if not _APP0 <= marker <= _APP15:
        return segment
    if marker == _APP0 and body.startswith(b"JFIF\x00"):
        # Without the smaller copy that may follow the first 14 bytes.
        return b"\xff\xe0\x00\x10" + body[:12] + b"\x00\x00"
    if (marker == _APP2 and body.startswith(_ICC)) or (marker == _APP14 and body.startswith(b"Adobe")):
        return segment
    if body.startswith(_EXIF):
        orientation = _orientation(body[len(_EXIF) :])
        return b"" if orientation in {None, 1} else _only_orientation(orientation or 1)
    return b""


def _orientation(tiff: bytes) -> int | None:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < _BOX_HEAD:
        return None
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    if first + 2 > len(tiff):
        return None
    (entries,) = struct.unpack_from(order + "H", tiff, first)
    for number in range(entries):
        place = first + 2 + 12 * number
        if place + 12 > len(tiff):
            return None
        tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, place)
        if tag == _ORIENTATION and kind == _SHORT and 1 <= value <= 8:
            return int(value)
    return None


def _only_orientation(orientation: int) -> bytes:
    directory = struct.pack(">HHHIHHI", 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)
    body = _EXIF + b"MM\x00*\x00\x00\x00\x08" + directory
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the coded data ends: at the next marker that is neither a stuffed byte nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            return len(content)
        if content[at + 1] == 0 or content[at + 1] in _ALONE or content[at + 1] == 0xFF:
            at += 1 if content[at + 1] == 0xFF else 2
            continue
        return at


def _clean_png(content: bytes) -> bytes:
    kept = bytearray(content[:_PNG_HEAD])
    at = _PNG_HEAD
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        whole = content[at : at + 12 + length]
        if kind in _PNG_KEPT:
            kept += whole
        at += 12 + length
        if kind == b"IEND":
            break
    return bytes(kept)


def _clean_heif(content: bytes) -> bytes:
    """Overwrites in place, since the file's own tables count its bytes from the start."""
    cleaned = bytearray(content)
    boxes = list(_boxes(content, 0, len(content)))
    if any(kind == b"moov" for kind, *_ in boxes) and not any(kind == b"meta" for kind, *_ in boxes):
        # A film without a picture.
        raise UncleanableError
    for kind, start, body, end in boxes:
        if kind == b"meta":
            for first, length in _telling_extents(content, body + 4, end):
                if length == 0 or first + length > len(content):
                    raise UncleanableError
                cleaned[first : first + length] = bytes(length)
        elif kind not in _HEIF_KEPT:
            # A film beside the picture, a maker's own box: an empty box of the same length.
            cleaned[start + 4 : start + 8] = b"free"
            cleaned[body:end] = bytes(end - body)
    return bytes(cleaned)


def _boxes(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Kind, start, start of the body, and end of each box."""
    while at + _BOX_HEAD <= end:
        size, kind = struct.unpack_from(">I4s", content, at)
        head = _BOX_HEAD
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, at + 8)
            head = 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            raise UncleanableError
        yield kind, at, at + head, at + size
        at += size


def _telling_extents(content: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Where the bytes of the items lie that tell of people: Exif, XMP."""
    found = {kind: (body, stop) for kind, _, body, stop in _boxes(content, start, end)}
    if b"iinf" not in found or b"iloc" not in found:
        return []
    telling = _telling_items(content, *found[b"iinf"])
    idat = found.get(b"idat", (0, 0))[0]
    extents = []
    for item, method, first, length in _locations(content, found[b"iloc"][0]):
        if item in telling:
            if method > _IN_IDAT:
                raise UncleanableError
            extents.append((first + (idat if method == _IN_IDAT else 0), length))
    return extents


def _telling_items(content: bytes, body: int, end: int) -> frozenset[int]:
    entries = body + (6 if content[body] == 0 else 8)
    telling = set()
    for _, _, entry, _ in _boxes(content, entries, end):
        version = content[entry]
        wide = version == 3
        item = struct.unpack_from(">I" if wide else ">H", content, entry + 4)[0]
        kind_at = entry + 4 + (4 if wide else 2) + 2
        if version < 2 or content[kind_at : kind_at + 4] in _TELLING_ITEMS:
            telling.add(item)
    return frozenset(telling)


def _locations(content: bytes, body: int) -> Iterator[tuple[int, int, int, int]]:
    """Item, how it is placed, first byte and length of each extent (ISO/IEC 14496-12, 8.11.3)."""
    version = content[body]
    sizes = struct.unpack_from(">H", content, body + 4)[0]
    of_offset, of_length, of_base = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    of_index = sizes & 15 if version in {1, 2} else 0
    at = body + 6
    wide = 4 if version == 2 else 2

    def number(size: int) -> int:
        nonlocal at
        at += size
        if at > len(content):
            raise UncleanableError
        return int.from_bytes(content[at - size : at], "big")

    for _ in range(number(wide)):
        item = number(wide)
        method = number(2) & 15 if version in {1, 2} else 0
        number(2)
        base = number(of_base)
        for _ in range(number(2)):
            number(of_index)
            first = base + number(of_offset)
            yield item, method, first, number(of_length)


_CLEANERS: Mapping[str, Callable[[bytes], bytes]] = {
    "image/jpeg": _clean_jpeg,
    "image/png": _clean_png,
    "image/heic": _clean_heif,
}
