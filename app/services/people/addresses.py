"""The addresses by which people can be reached, by the key of the channel: the mapping is made here alone.

A channel that knows people by something of its own gets a column, and a line here.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from app.models import Customer, Staff

Addresses = Mapping[str, str]
"""By channel; a channel by which somebody can't be reached is left out."""

_COLUMNS: Mapping[type, Mapping[str, str]] = MappingProxyType(
    {
        Customer: MappingProxyType({"subscribe": "openid", "template": "service_openid"}),
        Staff: MappingProxyType({"template": "service_openid", "wecom": "wecom_id"}),
    }
)
"""The channels that reach customers and staff, and the column with the address."""


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


def _columns(noun: type, entity: type) -> tuple[Any, ...]:
    return tuple(getattr(entity, name) for name in _COLUMNS[noun].values())


def _addresses(noun: type, values: Sequence[str | None]) -> Addresses:
    return {channel: value for channel, value in zip(_COLUMNS[noun], values, strict=True) if value}
