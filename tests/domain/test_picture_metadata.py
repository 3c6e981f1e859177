"""What a camera writes into a picture is out before anybody sees it, and the picture is as it was."""

import struct
import zlib

import pytest

from app.domain.picture_metadata import UncleanableError, without_metadata

GPS = b"GPS 36.6512N 117.1201E"
OWNER = b"owner: Qian Duoduo"
SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"coded \xff\x00 data \xff\xd0 more"
TABLE = b"\xff\xdb\x00\x05\x00\x01\x02"
END = b"\xff\xd9"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def exif(orientation: int, order: str = "<") -> bytes:
    """A directory with the orientation, and the camera's words behind it."""
    mark = {"<": b"II*\x00", ">": b"MM\x00*"}[order]
    entries = struct.pack(order + "HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    return b"Exif\x00\x00" + mark + struct.pack(order + "I", 8) + entries + GPS + OWNER


def jpeg(*segments: bytes, behind: bytes = b"") -> bytes:
    return b"\xff\xd8" + b"".join(segments) + TABLE + SCAN + END + behind


JFIF = segment(0xE0, b"JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")
ICC = segment(0xE2, b"ICC_PROFILE\x00\x01\x01colours")


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_photo_keeps_its_picture_its_colours_and_which_side_is_up(order: str) -> None:
    clean = without_metadata("image/jpeg", jpeg(JFIF, segment(0xE1, exif(6, order)), ICC))
    assert clean.startswith(b"\xff\xd8" + JFIF)
    assert clean.endswith(ICC + TABLE + SCAN + END)
    turned = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    assert turned in clean
    assert (GPS in clean, OWNER in clean) == (False, False)


@pytest.mark.parametrize(
    "telling",
    [
        segment(0xE1, exif(1)),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x>" + GPS),
        segment(0xED, b"Photoshop 3.0\x00" + OWNER),
        segment(0xE2, b"MPF\x00" + GPS),
        segment(0xE5, OWNER),
        segment(0xFE, OWNER),
    ],
)
def test_no_other_segment_tells_anything(telling: bytes) -> None:
    assert without_metadata("image/jpeg", jpeg(JFIF, telling)) == jpeg(JFIF)


def test_what_hangs_behind_a_photo_is_left_out() -> None:
    """A second picture with Exif of its own, or a film."""
    second = jpeg(segment(0xE1, exif(1)))
    assert without_metadata("image/jpeg", jpeg(JFIF, behind=second)) == jpeg(JFIF)


def test_a_photo_in_several_scans_is_kept_whole() -> None:
    whole = b"\xff\xd8" + TABLE + SCAN + TABLE + SCAN + END
    assert without_metadata("image/jpeg", whole) == whole


def test_cleaning_twice_changes_nothing_more() -> None:
    clean = without_metadata("image/jpeg", jpeg(JFIF, segment(0xE1, exif(8))))
    assert without_metadata("image/jpeg", clean) == clean


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13))


def test_a_png_keeps_what_is_drawn() -> None:
    telling = chunk(b"eXIf", GPS) + chunk(b"tEXt", b"Author\x00" + OWNER) + chunk(b"iTXt", GPS)
    drawn = chunk(b"iCCP", b"colours") + chunk(b"IDAT", b"drawn") + chunk(b"IEND")
    assert without_metadata("image/png", PNG + telling + drawn + b"behind " + GPS) == PNG + drawn


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def heic(*, told_in_idat: bool = False) -> bytes:
    """Two items: the picture (1) and its Exif (2), which lies in `mdat` or in `idat`."""

    def item(number: int, kind: bytes) -> bytes:
        return box(b"infe", b"\x02\x00\x00\x00" + struct.pack(">HH", number, 0) + kind + b"\x00")

    infos = b"\x00\x00\x00\x00" + struct.pack(">H", 2) + item(1, b"hvc1") + item(2, b"Exif")

    def meta(start: int) -> bytes:
        picture = struct.pack(">HHHHII", 1, 0, 0, 1, start, len(SCAN))
        method, first = (1, 0) if told_in_idat else (0, start + len(SCAN))
        told = struct.pack(">HHHHII", 2, method, 0, 1, first, len(GPS))
        places = b"\x01\x00\x00\x00\x44\x00" + struct.pack(">H", 2) + picture + told
        held = box(b"idat", GPS) if told_in_idat else b""
        return box(b"meta", bytes(4) + box(b"iinf", infos) + box(b"iloc", places) + held)

    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    start = len(head) + len(meta(0)) + 8
    media = SCAN if told_in_idat else SCAN + GPS
    return head + meta(start) + box(b"mdat", media) + box(b"mpvd", b"a film " + OWNER)


@pytest.mark.parametrize("told_in_idat", [False, True])
def test_a_heic_keeps_its_picture_at_its_place(told_in_idat: bool) -> None:
    photo = heic(told_in_idat=told_in_idat)
    clean = without_metadata("image/heic", photo)
    assert (GPS in clean, OWNER in clean) == (False, False)
    assert (len(clean), clean.index(SCAN)) == (len(photo), photo.index(SCAN))
    assert without_metadata("image/heic", clean) == clean


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        ("image/jpeg", b"\xff\xd8\xff\xe1\xff\xff" + exif(1)),
        ("image/png", b"\x89PNG\r\n\x1a\n" + chunk(b"eXIf", GPS) + b"\x00"),
        ("image/heic", heic()[:60] + b"Exif"),
    ],
)
def test_a_broken_picture_that_tells_something_is_refused(kind: str, broken: bytes) -> None:
    with pytest.raises(UncleanableError):
        without_metadata(kind, broken)


def test_what_is_no_picture_stays_as_it_is() -> None:
    drawing = b"%PDF-1.7 Exif"
    assert without_metadata("application/pdf", drawing) == drawing
    assert without_metadata("image/jpeg", b"\xff\xd8\xff\xe0 a picture") == b"\xff\xd8\xff\xe0 a picture"
