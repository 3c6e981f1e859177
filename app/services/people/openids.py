"""The owner of an openid, for the simulator's console: staff names, masked phones of customers."""

from collections.abc import Collection

from sqlalchemy import or_, select

from app.core.crypto import mask_phone
from app.core.db import db
from app.models import Customer, Staff
from app.services.installation import city


def owners_of(openids: Collection[str]) -> dict[str, str]:
    """A label for each openid of either account; unknown ones are left out."""
    wanted = list(openids)
    names: dict[str, str] = {}
    for customer in db.session.scalars(
        select(Customer).where(or_(Customer.openid.in_(wanted), Customer.service_openid.in_(wanted)))
    ):
        label = f"客户 {mask_phone(customer.phone)}" if customer.phone else "客户"
        names |= {openid: label for openid in (customer.openid, customer.service_openid) if openid}
    for member in db.session.scalars(
        select(Staff).where(or_(Staff.openid.in_(wanted), Staff.service_openid.in_(wanted)))
    ):
        label = f"{member.name}（{city.department_name(member.department)}）"
        names |= {openid: label for openid in (member.openid, member.service_openid) if openid}
    return {openid: name for openid, name in names.items() if openid in set(wanted)}
