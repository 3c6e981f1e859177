"""WeCom's limits are data, checked when they are read."""

from pathlib import Path

import pytest

from app.domain.toml_reader import DataFaults
from app.wechat import wecom_limits


def test_every_fault_of_the_file_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    text = wecom_limits.FILE.read_text(encoding="utf-8")
    text = text.replace("title_bytes = 128", "title_bytes = 0")
    text = text.replace("repeated_within_seconds = 1500", "repeated_within_seconds = 1800")
    file.write_text(text.replace("seconds = 3600", "seconds = 60"), encoding="utf-8")

    with pytest.raises(DataFaults) as found:
        wecom_limits.load(file)

    assert [fault.key for fault in found.value.faults] == [
        "repetition.repeated_within_seconds",
        "member[1].seconds",
        "card.title_bytes",
    ]
