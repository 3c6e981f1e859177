"""What WeCom takes of an application: wecom_limits.toml, read and checked as a whole."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.domain.toml_reader import Source, Table

FILE = Path(__file__).with_name("wecom_limits.toml")


@dataclass(frozen=True, slots=True)
class MemberQuota:
    """At most so many messages to one member within any so many seconds."""

    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The lengths of a text card in bytes of UTF-8, how long repetitions are recognised, and the quotas.

    Within `recognised_seconds` WeCom delivers a request with the same content once; we repeat one within the
    shorter `repeated_within_seconds`. `members`: the shortest time first.
    """

    title_bytes: int
    description_bytes: int
    url_bytes: int
    recognised_seconds: int
    repeated_within_seconds: int
    members: tuple[MemberQuota, ...]


@cache
def current() -> Limits:
    """WeCom's limits. Raises as `load` does."""
    return load(FILE)


def load(file: Path) -> Limits:
    """Read the limits.

    Raises `ConfigError` with every fault: a number that is missing or below 1, times in the wrong order.
    """
    source = Source(file)
    card, repetition = source.root.table("card"), source.root.table("repetition")
    quotas = source.root.tables("member")
    recognised = _positive(repetition, "recognised_seconds")
    repeated = _positive(repetition, "repeated_within_seconds")
    if repetition is not None and repeated >= recognised:
        repetition.fault("repeated_within_seconds", "must be less than recognised_seconds")
    members = tuple(MemberQuota(_positive(quota, "most"), _positive(quota, "seconds")) for quota in quotas)
    for shorter, longer, quota in zip(members, members[1:], quotas[1:], strict=False):
        if longer.seconds <= shorter.seconds:
            quota.fault("seconds", "must be more than in the [[member]] before")
    found = Limits(
        title_bytes=_positive(card, "title_bytes"),
        description_bytes=_positive(card, "description_bytes"),
        url_bytes=_positive(card, "url_bytes"),
        recognised_seconds=recognised,
        repeated_within_seconds=repeated,
        members=members,
    )
    source.finish()
    return found


def _positive(table: Table | None, key: str) -> int:
    value = None if table is None else table.whole(key)
    if table is not None and value is not None and value < 1:
        table.fault(key, "must be 1 or more")
    return value or 0
