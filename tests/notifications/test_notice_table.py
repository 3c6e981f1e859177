"""The table of notices: it agrees with the city's texts, and a notice is added as CONTRIBUTING.md says."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core import eventbus
from app.core.atomic import atomic
from app.core.db import db
from app.domain.config_error import ConfigError
from notifications import wiring
from notifications.handlers import views
from notifications.handlers.notice_rule import NoticeRule
from notifications.handlers.recipients import CUSTOMER, manager, staff
from notifications.handlers.table import NOTICES
from notifications.models import Notice, OutboxMessage
from notifications.outbox import delivery_rules
from notifications.outbox.delivery_rules import ORDINARY
from tests.notifications.conftest import JINAN
from tests.notifications.people import CASE, MANAGER, Registry
from tests.notifications.people import CUSTOMER as CUSTOMER_BRIEF


# File 1, the publisher: a service that has something to tell declares the event and publishes it.
@dataclass(frozen=True, slots=True)
class MeterInspected:
    """The yearly inspection of a meter found it sound."""

    case_id: str


def inspect_meter(case_id: str) -> None:
    with atomic():
        eventbus.publish(MeterInspected(case_id))


# File 2, the table: a line for each audience.
TABLE = (
    *NOTICES,
    NoticeRule(MeterInspected, "meter_inspected", views.CASE, CUSTOMER),
    NoticeRule(MeterInspected, "inspection_done", views.CASE, staff(manager)),
)

# File 3, the city's texts.
TEXTS = """
[messages.meter_inspected]
audience = "customer"
about = "case"
title = "水表检查正常"
body = "“{project_name}”的水表已检查，运行正常，您无需操作。客户管家{manager_name}，电话{manager_phone}。"
page = "pages/case/index?id={case_id}"

[messages.meter_inspected.subscribe]
template = "progress"

[messages.meter_inspected.subscribe.fields]
thing1 = "{project_name}"
thing2 = "水表检查正常"
thing3 = "您无需操作"
name4 = "{manager_name}"
phone_number5 = "{manager_phone}"

[messages.meter_inspected.service]
template = "service_progress"

[messages.meter_inspected.service.fields]
thing1 = "{project_name}"
thing2 = "水表检查正常"
thing3 = "您无需操作"
thing4 = "{manager_name}"
phone_number5 = "{manager_phone}"

[messages.inspection_done]
audience = "staff"
about = "case"
title = "水表检查完成"
body = "工单{case_number}“{project_name}”的水表检查正常，请告知客户。"
page = "pages/staff/case?id={case_id}"

[messages.inspection_done.service]
template = "staff_task"

[messages.inspection_done.service.fields]
character_string1 = "{case_number}"
thing2 = "{project_name}"
thing3 = "水表检查完成"
thing4 = "无"
thing5 = "{manager_name}"
"""


# And how urgent it is for staff: also in the city's data.
LISTED = ("gathered = [\n", 'gathered = [\n  "inspection_done",\n')


@pytest.fixture
def city_with_new_texts(known: Registry, tmp_path: Path) -> Iterator[None]:
    """The application wired anew to a copy of the city whose messages.toml has two texts more."""
    folder = tmp_path / "city"
    shutil.copytree(JINAN, folder)
    with (folder / "messages.toml").open("a", encoding="utf-8") as file:
        file.write(TEXTS)
    rules = folder / "delivery.toml"
    rules.write_text(rules.read_text(encoding="utf-8").replace(*LISTED), encoding="utf-8")
    wiring.wire(folder, None, simulated=True, notices=TABLE)
    yield
    wiring.wire(JINAN, None, simulated=True)


@pytest.mark.usefixtures("city_with_new_texts")
def test_event_line_and_text_make_a_notice() -> None:
    inspect_meter(CASE.case_id)

    notices = db.session.execute(select(Notice.kind, Notice.customer_id, Notice.staff_id, Notice.title))
    assert {tuple(row) for row in notices} == {
        ("meter_inspected", CUSTOMER_BRIEF.customer_id, None, "水表检查正常"),
        ("inspection_done", None, MANAGER.staff_id, "水表检查完成"),
    }
    # Ordinary importance and the default chain, of which only the 服务号 is open here.
    rows = db.session.execute(
        select(OutboxMessage.kind, OutboxMessage.channel, OutboxMessage.openid, OutboxMessage.importance)
    )
    assert {tuple(row) for row in rows} == {
        ("meter_inspected", "template", "service-customer", ORDINARY),
        ("inspection_done", "digest", "", ORDINARY),
    }
    assert delivery_rules.current().topic_of("meter_inspected") is None


def line_of(kind: str) -> NoticeRule:
    return next(rule for rule in NOTICES if rule.kind == kind)


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (replace(line_of("new_case"), kind="new_wonder"), r"messages\.new_wonder: missing"),
        (replace(line_of("new_case"), to=CUSTOMER), r"messages\.new_case\.audience: .* goes to customer"),
        (replace(line_of("new_case"), about=views.VISIT), r"messages\.new_case\.about: .* about a visit"),
    ],
)
def test_a_line_without_its_text_is_a_fault(rule: NoticeRule, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        wiring.read(JINAN, None, (*NOTICES, rule))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"new_case", ', "", r"staff\.new_case: named in none of now, alone, gathered"),
        ("gathered = [\n", 'gathered = [\n  "new_case",\n', r"staff\.gathered: new_case is named twice"),
        ("alone = [\n", 'alone = [\n  "water_on",\n', r"staff\.alone: water_on goes to customers"),
        (
            "alone = [\n",
            'alone = [\n  "wonder",\n',
            r"staff\.alone: no kind .* the name 'wonder'",
        ),
        ("now = [\n", 'now = [\n  "plan_confirmed",\n', r"staff\.now: plan_confirmed has no \[messages"),
        ("most_a_day = 10", "most_a_day = 0", r"staff\.most_a_day: must be 1 or more"),
    ],
)
def test_how_urgent_a_kind_to_staff_is_has_to_be_said(tmp_path: Path, old: str, new: str, fault: str) -> None:
    folder = tmp_path / "city"
    shutil.copytree(JINAN, folder)
    file = folder / "delivery.toml"
    head, text = file.read_text(encoding="utf-8").split("[staff]", 1)
    assert old in text
    file.write_text(f"{head}[staff]{text.replace(old, new, 1)}", encoding="utf-8")

    with pytest.raises(ConfigError, match=fault):
        wiring.read(folder, None)


def test_a_text_of_which_no_line_tells_is_a_fault() -> None:
    others = [rule for rule in NOTICES if rule.kind != "low_rating"]

    with pytest.raises(ConfigError, match=r"messages\.low_rating: no such kind"):
        wiring.read(JINAN, None, others)
