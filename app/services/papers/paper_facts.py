"""The facts that a paper may state of a case, as texts; each template uses what it needs."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core.db import db
from app.domain.money import in_capitals, yuan
from app.domain.programs.tasks import PLANNED_CALIBRE
from app.models import Application, Case, Staff
from app.services.history import latest_outputs
from app.services.installation import city
from app.services.money import quotes
from app.services.people import phones

DAYS_OF_A_MONTH = 30
"""The contract's monthly quantity is the applied-for daily one times this; metering decides what is paid."""


def facts_of_case(case: Case, terms: Mapping[str, Any], number: str, made_at: datetime) -> dict[str, Any]:
    """The facts of a case. Unknown ones are "", for which a template prints a placeholder."""
    bundle = city.current()
    answers = db.session.get_one(Application, case.application_id).answers
    manager = db.session.get_one(Staff, case.manager_id)
    use_class = answers.get("use_class", "")
    names = {choice.key: choice.name for choice in bundle.city.choices.get("use_classes", ())}
    water_fen = bundle.prices.water_fen_per_m3.get(use_class)
    daily = answers.get("daily_demand_m3")
    return {
        "mark": bundle.prices.mark,
        "number": number,
        "made_on": made_at.astimezone(city.working_time().zone).strftime("%Y年%m月%d日"),
        "utility": bundle.city.utility,
        "hotline": bundle.city.hotline,
        "case_number": case.number,
        "program": city.program(case.program_key).name,
        "project_name": case.project_name,
        "customer": answers.get("organisation") or answers.get("owner_name") or answers["contact_name"],
        "contact": answers["contact_name"],
        "phone": phones.shown(answers["contact_phone"]),
        "address": answers["address"],
        "manager": manager.name,
        "manager_phone": phones.shown(manager.phone),
        "use_class": names.get(use_class, ""),
        "water_price": "" if water_fen is None else yuan(water_fen),
        "meter_count": answers["meter_count"],
        "daily_m3": "" if daily is None else str(daily),
        "monthly_m3": "" if daily is None else f"{Decimal(str(daily)) * DAYS_OF_A_MONTH:f}",
        "planned_calibre": latest_outputs.value(case.id, PLANNED_CALIBRE) or "",
        "plan": latest_outputs.value(case.id, "plan") or "",
        "pressure_mpa": latest_outputs.value(case.id, "peak_pressure_mpa") or "",
        "terms": {key: value if isinstance(value, list) else str(value) for key, value in terms.items()},
        **_money(case.id),
    }


def _money(case_id: str) -> dict[str, Any]:
    row = quotes.quote_in_force(case_id)
    if row is None or row.chosen_key is None:
        return {"option": "", "amount": "", "amount_in_capitals": "", "lines": []}
    chosen = next(option for option in row.options if option["key"] == row.chosen_key)
    return {
        "option": chosen["name"],
        "amount": yuan(chosen["total_fen"]),
        "amount_in_capitals": in_capitals(chosen["total_fen"]),
        "lines": [
            {
                "name": line["name"],
                "quantity": f"{line['quantity']}{line['unit']}",
                "unit_price": yuan(line["unit_fen"]),
                "amount": yuan(line["amount_fen"]),
            }
            for line in chosen["lines"]
        ],
    }
