"""The one clock: aware, UTC, and in a demo the same for every process."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import pytest

from app.core import clock
from app.core.clock import FileClock, FixedClock, SystemClock

NINE = datetime(2026, 9, 18, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_the_system_clock_is_aware_and_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_two_processes_that_read_one_file_agree(tmp_path: Path) -> None:
    server, jobs = FileClock(tmp_path / "clock"), FileClock(tmp_path / "clock")
    with pytest.raises(FileNotFoundError):
        jobs.now()
    server.set(NINE)
    assert jobs.now() == NINE
    assert jobs.now().tzinfo is UTC
    jobs.set(NINE + timedelta(days=1, microseconds=1))
    assert server.now() == NINE + timedelta(days=1, microseconds=1)
    assert [path.name for path in tmp_path.iterdir()] == ["clock"]


def test_nobody_reads_half_an_instant(tmp_path: Path) -> None:
    source = FileClock(tmp_path / "clock")
    source.set(NINE)
    moments = [NINE + timedelta(microseconds=number) for number in range(300)]

    def set_each() -> None:
        for moment in moments:
            source.set(moment)

    setter = Thread(target=set_each)
    setter.start()
    seen = {source.now()}
    while setter.is_alive():
        seen.add(source.now())
    setter.join()
    assert seen <= {moment.astimezone(UTC) for moment in moments}


def test_the_clock_in_use_tells_the_time() -> None:
    before = clock.in_use()
    try:
        clock.use(FixedClock(NINE))
        assert clock.now() == NINE
    finally:
        clock.use(before)
