"""Files are known by their content; a name proves nothing."""

import struct

import pytest

from app.domain.file_types import recognise

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(32) + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(32)
HEIC = struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(32)
HEIC_AS_IMAGE_FILE = struct.pack(">I", 24) + b"ftypmif1\0\0\0\0mif1heic" + bytes(32)
DWG = b"AC1032" + bytes(64)
DXF = b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n"
DXF_WITH_COMMENT = b"999\nmade by a drawing program\n0\nSECTION\n2\nHEADER\n"
DXF_BINARY = b"AutoCAD Binary DXF\r\n\x1a\x00" + bytes(32)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (HEIC, "image/heic"),
        (HEIC_AS_IMAGE_FILE, "image/heic"),
        (DWG, "image/vnd.dwg"),
        (DXF, "image/vnd.dxf"),
        (DXF_WITH_COMMENT, "image/vnd.dxf"),
        (DXF_BINARY, "image/vnd.dxf"),
    ],
)
def test_each_type_is_known_by_its_signature(content: bytes, media_type: str) -> None:
    found = recognise(content)
    assert found is not None
    assert found.media_type == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b" %PDF-1.7",
        b"<html>%PDF-1.7",
        b"PK\x03\x04" + bytes(32),
        b"MZ" + bytes(32),
        struct.pack(">I", 24) + b"ftypavif\0\0\0\0mif1avif" + bytes(32),
        b"AC9999" + bytes(32),
        b"0\nSECTIONS\n",
        b"\x89PNG\r\n\x1a\n" + bytes(32),
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    assert recognise(content) is None
