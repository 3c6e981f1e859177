"""Stored files are for the account of the service alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import objectstore


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)
    objectstore.install(objectstore.MEMORY)


@pytest.mark.usefixtures("open_umask")
def test_neither_folder_nor_file_can_be_read_by_others(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    # As an earlier version left it.
    folder.mkdir(mode=0o755)
    objectstore.install(f"file://{folder}")
    objectstore.put("2026-09-18/photo", b"bytes")
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert modes == {
        folder: 0o700,
        folder / "2026-09-18": 0o700,
        folder / "2026-09-18" / "photo": 0o600,
    }
    assert b"".join(objectstore.stream("2026-09-18/photo")) == b"bytes"
