"""Openly fictional people. Their phones are of a range that nobody carries in WeChat.

1740 0 to 1740 5 are reserved for satellite phones, the emergency services' above all; the numbers are well
formed, so that everything that checks a number accepts them.
"""

from collections.abc import Mapping
from typing import Any

# Whoever is printed has a place below this; staff and those who were walked have the places from it on.
PEOPLE = 5_900_000
# Coprime to `PEOPLE`, so that neighbours' phones lie far apart and no two are the same.
_STRIDE = 2_750_161

DISTRICTS = ("lixia", "shizhong", "huaiyin", "tianqiao", "licheng", "changqing", "gaoxin")
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"


def phone_of(place: int) -> str:
    """The phone of the person in this place, as they would type it."""
    return f"1740{place:07d}"


def phone_of_printed(serial: int, seed: int) -> str:
    """The phone of the printed person with this serial number; no two serials below `PEOPLE` share one."""
    return phone_of((serial * _STRIDE + seed) % PEOPLE)


def name_of(serial: int) -> str:
    """A name that is plainly none."""
    return f"演{_STEMS[serial % 10]}{_BRANCHES[serial // 10 % 12]}"


def answers_of(
    walked: Mapping[str, Any], serial: int, name: str, phone: str, district: str
) -> dict[str, Any]:
    """The form of a walked case, as this person would have filled it in; `phone` in E.164."""
    own = {
        "project_name": project_of(serial),
        "contact_name": name,
        "contact_phone": phone,
        "district": district,
        "address": f"演示路{serial % 9000 + 1}号",
    }
    if "organisation" in walked:
        own["organisation"] = f"演示第{serial}商贸有限公司（虚构）"
    return {**walked, **own}


def project_of(serial: int) -> str:
    """The name of a project that does not exist."""
    return f"演示项目{serial}号（虚构）"
