"""What visits.toml, calendar.toml and talk.toml must be among each other for every visit to be possible."""

from datetime import date, time, timedelta
from pathlib import Path

from app.domain import visit_fitting
from app.domain.config_error import ConfigError
from app.domain.conversation.rules import PushRules
from app.domain.office_hours import FILE as CALENDAR
from app.domain.office_hours import CalendarData
from app.domain.toml_reader import DataFaults
from app.domain.visit_rules import FILE as VISITS
from app.domain.visit_rules import VisitRules


def check_visits(folder: Path, rules: VisitRules, office: CalendarData, push: PushRules, today: date) -> None:
    """Checks hours that hold `today` or later against every purpose, and offers against the quiet hours.

    :raises ConfigError: with every fault, by the purpose's name and the first day of the dated hours.
    """
    faults = []
    places = {key: f"purposes[{place}]" for place, key in enumerate(rules.purposes)}
    for place, dated in enumerate(office.hours):
        if dated not in visit_fitting.still_to_come(office.hours, today):
            continue
        since = f"the office hours from {dated.valid_from} on"
        purposes = rules.purposes.values()
        faults += [
            ConfigError(
                folder / CALENDAR,
                f"office_hours[{place}].periods",
                f"{purpose.name} ({purpose.key}) takes {purpose.minutes} minutes: no room in {since}",
            )
            for purpose in visit_fitting.unfit(purposes, dated.periods)
        ]
        faults += [
            ConfigError(
                folder / VISITS,
                f"{places[purpose.key]}.travel",
                f"{purpose.name} ({purpose.key}): the travel is longer than the break in {since}",
            )
            for purpose in visit_fitting.too_far(purposes, dated.periods)
        ]
    if rules.offer >= awake(push):
        faults.append(
            ConfigError(
                folder / VISITS,
                "offer.minutes",
                "must be less than the time between the quiet hours of talk.toml, or nothing is ever offered",
            )
        )
    if faults:
        raise DataFaults(tuple(faults))


def awake(push: PushRules) -> timedelta:
    """How long a day is outside its quiet hours."""
    return (_at(push.quiet_from) - _at(push.quiet_to)) % timedelta(days=1)


def _at(local: time) -> timedelta:
    return timedelta(hours=local.hour, minutes=local.minute)
