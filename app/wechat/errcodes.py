"""Which treatment an error code of WeChat needs: errcodes.toml, read and checked as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from app.domain.toml_reader import Source, Table
from app.wechat.port import FaultKind, Treatment

TABLE = Path(__file__).with_name("errcodes.toml")
WECOM_TABLE = Path(__file__).parent / "wecom" / "errcodes.toml"


@dataclass(frozen=True, slots=True)
class CallRule:
    """What refusals mean at one call: the kinds that it `keeps`, and the kind of all others.

    Without `otherwise`, every kind is kept. `kinds` gives single codes another kind at this call.
    """

    keeps: frozenset[FaultKind] = frozenset()
    otherwise: FaultKind | None = None
    kinds: Mapping[int, FaultKind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Codes:
    """The kind behind each code, the one behind a code that is not named, and the treatment of each kind.

    `meanings` says in Chinese what each code stands for. `calls` holds, by path, what is special at a call.
    """

    kinds: dict[int, FaultKind]
    meanings: dict[int, str]
    default: FaultKind
    treatments: dict[FaultKind, Treatment]
    calls: dict[str, CallRule]


_ANY_CALL = CallRule()


def kind_of(errcode: int, table: Path = TABLE, call: str = "") -> FaultKind:
    """The kind of fault behind a non-zero errcode at the call of this path.

    A code that the table does not have is of its default kind.
    """
    codes = _table(table)
    special = codes.calls.get(call, _ANY_CALL).kinds.get(errcode)
    return special or kind_at(call, codes.kinds.get(errcode, codes.default), table)


def kind_at(call: str, kind: FaultKind, table: Path = TABLE) -> FaultKind:
    """What a fault of this kind is when it is met at the call of this path."""
    rule = _table(table).calls.get(call, _ANY_CALL)
    return kind if rule.otherwise is None or kind in rule.keeps else rule.otherwise


def meaning_of(errcode: int | None, table: Path = TABLE) -> str | None:
    """The Chinese meaning of an errcode for staff; None without a code, or for one that the table lacks."""
    return None if errcode is None else _table(table).meanings.get(errcode)


def treatment_of(kind: FaultKind) -> Treatment:
    """What a sender does about a fault of this kind."""
    return _table(TABLE).treatments[kind]


def load(file: Path) -> Codes:
    """Read a table of codes.

    Raises `ConfigError` with every fault: a missing or unknown kind, a treatment that does not exist, a
    code that is no whole number, is 0, or is listed twice, a call that keeps kinds and names no other.
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
            if not _is_errcode(codes, name):
                continue
            if int(name) in kinds:
                codes.fault(name, f"the code is listed under {kinds[int(name)]} too")
            else:
                kinds[int(name)], meanings[int(name)] = kind, meaning
    calls = _calls(root)
    source.finish()
    return Codes(kinds, meanings, default, treatments, calls)


def _calls(root: Table) -> dict[str, CallRule]:
    table = root.table("calls", optional=True)
    return {} if table is None else {path: _call(table, path) for path in table.names()}


def _call(calls: Table, path: str) -> CallRule:
    table = calls.table(path)
    if table is None:
        return _ANY_CALL
    kinds: dict[int, FaultKind] = {}
    codes = table.table("codes", optional=True)
    for name in () if codes is None else codes.names():
        assert codes is not None  # noqa: S101 - it has names
        if _is_errcode(codes, name):
            kinds[int(name)] = codes.choice(name, FaultKind)
    keeps = table.texts("keeps", optional=True)
    for kind in keeps:
        if kind not in set(FaultKind):
            table.fault("keeps", f"{kind} is no kind of fault")
    otherwise = table.choice("otherwise", FaultKind) if keeps or table.has("otherwise") else None
    return CallRule(frozenset(FaultKind(kind) for kind in keeps if kind in set(FaultKind)), otherwise, kinds)


def _is_errcode(codes: Table, name: str) -> bool:
    digits = name.removeprefix("-")
    if digits.isascii() and digits.isdigit() and int(name) != 0:
        return True
    codes.fault(name, "must be an errcode: a whole number other than 0")
    return False


@cache
def _table(file: Path) -> Codes:
    return load(file)
