"""The answer that lists openings. Built without a schema, since it has some hundred entries."""

from typing import Any

from app.services.installation import city
from app.services.visits.booking.find_openings import Offer


def openings(offer: Offer) -> dict[str, Any]:
    """The body that `OpeningsOut` describes. A test compares the two."""
    zone = city.zone()
    rules = city.current().visits
    purpose = offer.needed.purpose
    due_at = offer.needed.due_at
    return {
        "purpose": purpose.key,
        "purpose_name": purpose.name,
        "minutes": purpose.minutes,
        "hold_minutes": int(rules.hold.total_seconds() // 60),
        "due_at": None if due_at is None else due_at.astimezone(zone).isoformat(timespec="seconds"),
        "manager_name": offer.manager_name,
        "said": _sentences(offer),
        "items": [
            {
                "starts_at": opening.starts_at.astimezone(zone).isoformat(timespec="seconds"),
                "ends_at": opening.ends_at.astimezone(zone).isoformat(timespec="seconds"),
                "after_due": opening.after_due,
                "stand_in": offer.stand_ins.get(opening.starts_at),
            }
            for opening in offer.openings
        ],
    }


def _sentences(offer: Offer) -> list[str]:
    sentences = []
    if not offer.openings:
        sentences.append("近期暂无可约时间，请联系客户管家安排，或登记候补。")
    names = "、".join(dict.fromkeys(offer.stand_ins.values()))
    if names:
        sentences.append(f"客户管家{offer.manager_name}近期约满，部分时间由{names}代为上门，服务内容不变。")
    if any(opening.after_due for opening in offer.openings):
        sentences.append("标注“晚于时限”的时间超过承诺时限，选择后计时不会暂停，并记录为您的选择。")
    return sentences
