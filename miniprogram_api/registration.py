"""Every blueprint with the guard that stands before it. A route that is not listed here does not exist."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from werkzeug.routing import BaseConverter

from miniprogram_api import guards, idempotency
from miniprogram_api.callbacks.wechat import callbacks
from miniprogram_api.customer.account import account
from miniprogram_api.customer.applications import applications
from miniprogram_api.customer.case_changes import turning as customer_turns
from miniprogram_api.customer.cases import cases
from miniprogram_api.customer.conversation_care import care as customer_talk_care
from miniprogram_api.customer.conversations import talk as customer_talk
from miniprogram_api.customer.documents import documents
from miniprogram_api.customer.form import form
from miniprogram_api.customer.money import money
from miniprogram_api.customer.promises import promises
from miniprogram_api.customer.public import public
from miniprogram_api.customer.visits import visits
from miniprogram_api.dev.console import console
from miniprogram_api.docs import docs
from miniprogram_api.document_links import files
from miniprogram_api.flask_app import StewardApp, check_body
from miniprogram_api.health import health
from miniprogram_api.metrics import metrics
from miniprogram_api.partner.cases import cases as partner_cases
from miniprogram_api.staff.absences import absences
from miniprogram_api.staff.account import account as staff_account
from miniprogram_api.staff.applications import applications as staff_applications
from miniprogram_api.staff.calendar import desk as calendar_desk
from miniprogram_api.staff.case_changes import turning as staff_turns
from miniprogram_api.staff.cases import cases as staff_cases
from miniprogram_api.staff.cases import searches as staff_case_searches
from miniprogram_api.staff.conversation_care import care as staff_talk_care
from miniprogram_api.staff.conversation_tools import talk_help as staff_talk_help
from miniprogram_api.staff.conversations import talk as staff_talk
from miniprogram_api.staff.deliveries import deliveries as staff_deliveries
from miniprogram_api.staff.documents import documents as staff_documents
from miniprogram_api.staff.early_service import early_service
from miniprogram_api.staff.login import entry
from miniprogram_api.staff.money import money as staff_money
from miniprogram_api.staff.promises import promises as staff_promises
from miniprogram_api.staff.tasks import tasks
from miniprogram_api.staff.visits import visits as staff_visits
from miniprogram_api.staff.work_patterns import workweeks


@dataclass(frozen=True, slots=True)
class Door:
    """A blueprint, its guard, and whether its POSTs are protected against repetition."""

    blueprint: APIBlueprint
    guard: guards.Guard
    once: bool = False


DOORS: Sequence[Door] = (
    Door(health, guards.anyone),
    Door(metrics, guards.collector),
    Door(docs, guards.anyone),
    Door(public, guards.anyone),
    Door(account, guards.customer, once=True),
    Door(applications, guards.customer, once=True),
    Door(cases, guards.customer, once=True),
    Door(promises, guards.customer, once=True),
    Door(customer_turns, guards.customer, once=True),
    Door(visits, guards.customer, once=True),
    Door(documents, guards.customer, once=True),
    Door(files, guards.holds_link),
    Door(form, guards.customer, once=True),
    Door(money, guards.customer, once=True),
    Door(entry, guards.anyone),
    Door(staff_account, guards.staff),
    Door(tasks, guards.staff),
    Door(staff_cases, guards.staff),
    Door(staff_case_searches, guards.staff),
    Door(staff_promises, guards.staff),
    Door(staff_documents, guards.staff),
    Door(staff_money, guards.staff),
    Door(staff_applications, guards.staff),
    Door(staff_turns, guards.staff),
    Door(staff_visits, guards.staff),
    Door(absences, guards.staff),
    Door(workweeks, guards.staff),
    Door(staff_deliveries, guards.staff),
    Door(early_service, guards.staff),
    Door(partner_cases, guards.partner),
    Door(calendar_desk, guards.staff),
    Door(customer_talk, guards.customer, once=True),
    Door(customer_talk_care, guards.customer, once=True),
    Door(staff_talk, guards.staff),
    Door(staff_talk_help, guards.staff),
    Door(staff_talk_care, guards.staff),
    Door(callbacks, guards.signed_by_wechat),
    Door(console, guards.with_simulator),
)


class PublicId(BaseConverter):
    """An identifier of ours in an address; anything else is no address at all."""

    regex = r"[A-Za-z0-9_-]{16}"


class PublicKey(BaseConverter):
    """A key of the city's data in an address."""

    regex = r"[a-z][a-z0-9_]{0,63}"


def open_doors(app: StewardApp) -> None:
    """Register every blueprint behind its guard."""
    app.url_map.converters["public_id"] = PublicId
    app.url_map.converters["public_key"] = PublicKey
    app.before_request(check_body)
    app.extensions["steward.guards"] = {door.blueprint.name: door.guard for door in DOORS}
    for door in DOORS:
        hooks: list[Callable[..., Any]] = [door.guard]
        if door.once:
            hooks.append(idempotency.answer_repeat)
        app.before_request_funcs.setdefault(door.blueprint.name, []).extend(hooks)
        if door.once:
            app.after_request_funcs.setdefault(door.blueprint.name, []).append(idempotency.keep_answer)
        app.register_blueprint(door.blueprint)
