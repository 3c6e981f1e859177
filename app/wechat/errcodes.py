"""Which treatment an error code of WeChat needs, read from the table beside this room."""

import tomllib
from functools import cache
from pathlib import Path

from app.wechat.port import FaultKind

TABLE = Path(__file__).with_name("errcodes.toml")


def kind_of(errcode: int) -> FaultKind:
    """The kind of fault behind a non-zero errcode; the table's default for a code it does not hold."""
    kinds, default = _table()
    return kinds.get(errcode, default)


@cache
def _table() -> tuple[dict[int, FaultKind], FaultKind]:
    document = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    default = FaultKind(document.pop("default"))
    kinds: dict[int, FaultKind] = {}
    for kind, codes in document.items():
        for code in codes:
            if int(code) in kinds:
                raise ValueError(f"{TABLE.name}: {kind}.{code}: the code stands there twice")
            kinds[int(code)] = FaultKind(kind)
    return kinds, default
