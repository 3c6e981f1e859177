"""Which treatment an error code of WeChat needs: errcodes.toml, read and checked as a whole."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.domain.toml_reader import Source
from app.wechat.port import FaultKind, Treatment

TABLE = Path(__file__).with_name("errcodes.toml")
WECOM_TABLE = Path(__file__).parent / "wecom" / "errcodes.toml"


@dataclass(frozen=True, slots=True)
class Codes:
    """The kind behind each code, the one behind a code that is not named, and the treatment of each kind.

    `meanings` says in Chinese what each code stands for.
    """

    kinds: dict[int, FaultKind]
    meanings: dict[int, str]
    default: FaultKind
    treatments: dict[FaultKind, Treatment]


def kind_of(errcode: int, table: Path = TABLE) -> FaultKind:
    """The kind of fault behind a non-zero errcode; the table's default for a code that it does not have."""
    codes = _table(table)
    return codes.kinds.get(errcode, codes.default)


def meaning_of(errcode: int | None, table: Path = TABLE) -> str | None:
    """The Chinese meaning of an errcode for staff; None without a code, or for one that the table lacks."""
    return None if errcode is None else _table(table).meanings.get(errcode)


def treatment_of(kind: FaultKind) -> Treatment:
    """What a sender does about a fault of this kind."""
    return _table(TABLE).treatments[kind]


def load(file: Path) -> Codes:
    """Read a table of codes.

    Raises `ConfigError` with every fault: a missing or unknown kind, a treatment that does not exist, a
    code that is no whole number, is 0, or is listed twice.
    """
    source = Source(file)
    root = source.root
    kinds: dict[int, FaultKind] = {}
    meanings: dict[int, str] = {}
    treatments: dict[FaultKind, Treatment] = {}
    default = root.choice("default", FaultKind)
    for kind in FaultKind:
        table = root.table(kind)
        if table is None:
            continue
        treatments[kind] = table.choice("treatment", Treatment)
        codes = table.table("codes")
        if codes is None:
            continue
        for name in codes.names():
            meaning = codes.text(name)
            if not name.removeprefix("-").isascii() or not name.removeprefix("-").isdigit() or int(name) == 0:
                codes.fault(name, "must be an errcode: a whole number other than 0")
            elif int(name) in kinds:
                codes.fault(name, f"the code is listed under {kinds[int(name)]} too")
            else:
                kinds[int(name)], meanings[int(name)] = kind, meaning
    source.finish()
    return Codes(kinds, meanings, default, treatments)


@cache
def _table(file: Path) -> Codes:
    return load(file)
