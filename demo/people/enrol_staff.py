"""Entering the fictional staff into an installation."""

from app.services.people import personnel
from app.services.people.personnel import NewStaff
from demo.people import fictional_people as people


def enrol_staff() -> None:
    """Enter everybody at the utility as its IT would, in the caller's transaction.

    Raises `StaffFaultError` when the people do not fit the city.
    """
    for member in people.staff():
        personnel.add(
            NewStaff(
                number=member.key,
                name=member.name,
                department=member.department,
                phone=member.phone,
                photo_url=f"https://example.invalid/photos/{member.key}.jpg",
                is_manager=member.is_manager,
                is_supervisor=member.is_supervisor,
                districts=member.districts,
            )
        )
        for skill in member.skills:
            personnel.grant_skill(member.key, skill, None, None)
