"""How far two places are from each other."""

from math import asin, cos, radians, sin, sqrt

from app.domain.area import Point

_EARTH_METRES = 6_371_000


def metres(one: Point, other: Point) -> int:
    """The distance over the globe, to the metre; both in the same datum (GCJ-02 here)."""
    north = sin(radians(other.latitude - one.latitude) / 2) ** 2
    east = sin(radians(other.longitude - one.longitude) / 2) ** 2
    share = north + cos(radians(one.latitude)) * cos(radians(other.latitude)) * east
    return round(2 * _EARTH_METRES * asin(sqrt(share)))
