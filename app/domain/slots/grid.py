"""The grid on which visits lie: pieces of 15 minutes, numbered from 1970 on, and sets of them as whole
numbers.

A set of pieces is an `int` whose bit number `piece - first` says whether the piece is in it. So the free
time of a person over two weeks is one number, and "who of forty is free for an hour" is a few shifts.

The length of a piece is fixed in the code: the database keeps what is taken by the number of the piece, and
with another length the rows of yesterday would speak of other times.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

PIECE = timedelta(minutes=15)
PIECES_PER_DAY = timedelta(days=1) // PIECE
_SECONDS = int(PIECE.total_seconds())


def on_grid(at: datetime) -> bool:
    """Whether an aware instant is the start of a piece."""
    return at.microsecond == 0 and int(at.timestamp()) % _SECONDS == 0


def piece_of(at: datetime) -> int:
    """The piece that an aware instant falls into."""
    return int(at.timestamp()) // _SECONDS


def piece_from(at: datetime) -> int:
    """The first piece that begins at or after an aware instant."""
    floor = piece_of(at)
    return floor if on_grid(at) else floor + 1


def instant_of(piece: int) -> datetime:
    """When a piece begins, in UTC."""
    return datetime.fromtimestamp(piece * _SECONDS, UTC)


def between(first: int, start: int, end: int) -> int:
    """The set of the pieces from `start` up to, not including, `end`; none when that is no stretch."""
    low, high = max(start - first, 0), max(end - first, 0)
    return ((1 << (high - low)) - 1) << low if high > low else 0


def within(first: int, starts_at: datetime, ends_at: datetime) -> int:
    """The set of the pieces that lie wholly between two instants."""
    return between(first, piece_from(starts_at), piece_of(ends_at))


def touching(first: int, starts_at: datetime, ends_at: datetime) -> int:
    """The set of the pieces of which any part lies between two instants."""
    return between(first, piece_of(starts_at), piece_from(ends_at))


def union(sets: Iterable[int]) -> int:
    """Every piece that is in one of the sets."""
    whole = 0
    for each in sets:
        whole |= each
    return whole


def bridged(pieces: int, breaks: Iterable[tuple[int, int]]) -> int:
    """The set with each of these breaks filled that has a piece of the set right before and right after it.

    A break is given by the bit of its first piece and of the first one after it.
    """
    filled = pieces
    for begins, ends in breaks:
        if begins > 0 and pieces >> (begins - 1) & 1 and pieces >> ends & 1:
            filled |= between(0, begins, ends)
    return filled


def runs(pieces: int, length: int) -> int:
    """The pieces at which a row of `length` pieces begins that are all in the set."""
    # Doubling: what is free for 1, 2, 4, … pieces on, so that long visits cost no more than a few shifts.
    have, found = 1, pieces
    while have < length:
        step = min(have, length - have)
        found &= found >> step
        have += step
    return found


def members(first: int, pieces: int) -> Iterator[int]:
    """The numbers of the pieces in a set, in order."""
    while pieces:
        lowest = pieces & -pieces
        yield first + lowest.bit_length() - 1
        pieces ^= lowest
