"""Whether a point lies in the area that the utility serves; coordinates are GCJ-02, as WeChat gives them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A place in degrees, GCJ-02."""

    latitude: float
    longitude: float


Polygon = tuple[Point, ...]
Area = tuple[Polygon, ...]


def inside(area: Area, latitude: float, longitude: float) -> bool:
    """Whether the point lies in one of the area's polygons (ray casting; a city needs no geodesy)."""
    return any(_in_polygon(polygon, latitude, longitude) for polygon in area)


def _in_polygon(polygon: Polygon, latitude: float, longitude: float) -> bool:
    odd = False
    before = polygon[-1]
    for corner in polygon:
        if (corner.latitude > latitude) != (before.latitude > latitude):
            share = (latitude - corner.latitude) / (before.latitude - corner.latitude)
            if longitude < corner.longitude + share * (before.longitude - corner.longitude):
                odd = not odd
        before = corner
    return odd
