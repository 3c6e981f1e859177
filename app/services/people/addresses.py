"""The addresses by which people can be reached, by the key of the channel: the mapping is made here alone.

A channel that knows people by something of its own gets a column, and a line here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.models import Customer, Staff
from app.services.installation import city

Addresses = Mapping[str, str]
"""By channel; a channel by which somebody can't be reached is left out."""

_COLUMNS: Mapping[type, Mapping[str, str]] = MappingProxyType(
    {
        Customer: MappingProxyType({"subscribe": "openid", "template": "service_openid"}),
        Staff: MappingProxyType({"template": "service_openid", "wecom": "wecom_id"}),
    }
)
"""The channels that reach customers and staff, and the column with the address."""


@dataclass(frozen=True, slots=True)
class UnreachableStaff:
    """Somebody who works here and has no address for any channel: they find their notices in the app alone.

    `logged_in`: whether they have bound their WeChat. If so, they don't follow the 服务号, or nobody knows
    which follower they are.
    """

    staff_id: str
    number: str
    name: str
    department: str
    logged_in: bool


def customer_columns(customer: type[Customer]) -> tuple[Any, ...]:
    """The columns of the addresses of a customer, for `customer_addresses`."""
    return _columns(Customer, customer)


def staff_columns(person: type[Staff]) -> tuple[Any, ...]:
    """The columns of the addresses of a member of staff, for `staff_addresses`."""
    return _columns(Staff, person)


def customer_addresses(values: Sequence[str | None]) -> Addresses:
    """The addresses in the values of `customer_columns`."""
    return _addresses(Customer, values)


def staff_addresses(values: Sequence[str | None]) -> Addresses:
    """The addresses in the values of `staff_columns`."""
    return _addresses(Staff, values)


def unreachable_staff(channels: Collection[str]) -> list[UnreachableStaff]:
    """Everybody active who has an address for none of these channels, by staff number."""
    person = (Staff.id, Staff.number, Staff.name, Staff.department, Staff.openid)
    rows = db.session.execute(
        select(*person, *staff_columns(Staff)).where(Staff.active.is_(True)).order_by(Staff.number)
    )
    return [
        UnreachableStaff(staff_id, number, name, city.department_name(department), openid is not None)
        for staff_id, number, name, department, openid, *reached_by in rows
        if staff_addresses(reached_by).keys().isdisjoint(channels)
    ]


def _columns(noun: type, entity: type) -> tuple[Any, ...]:
    return tuple(getattr(entity, name) for name in _COLUMNS[noun].values())


def _addresses(noun: type, values: Sequence[str | None]) -> Addresses:
    return {channel: value for channel, value in zip(_COLUMNS[noun], values, strict=True) if value}
