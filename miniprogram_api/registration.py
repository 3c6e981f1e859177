"""Every blueprint with its guard. A route whose blueprint is not listed here does not exist."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from werkzeug.routing import BaseConverter

from miniprogram_api import guards, idempotency
from miniprogram_api.callbacks.wechat import callbacks
from miniprogram_api.customer.account import account
from miniprogram_api.customer.applications import applications
from miniprogram_api.customer.case_changes import changes as customer_case_changes
from miniprogram_api.customer.cases import cases
from miniprogram_api.customer.conversation_care import care as customer_conversation_care
from miniprogram_api.customer.conversations import conversations as customer_conversations
from miniprogram_api.customer.documents import documents
from miniprogram_api.customer.form import form
from miniprogram_api.customer.money import money
from miniprogram_api.customer.personal_data import personal_data
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
from miniprogram_api.staff.calendar import calendar as staff_calendar
from miniprogram_api.staff.case_changes import changes as staff_case_changes
from miniprogram_api.staff.cases import cases as staff_cases
from miniprogram_api.staff.cases import searches as staff_case_searches
from miniprogram_api.staff.conversation_care import care as staff_conversation_care
from miniprogram_api.staff.conversation_tools import tools as staff_conversation_tools
from miniprogram_api.staff.conversations import conversations as staff_conversations
from miniprogram_api.staff.deliveries import deliveries as staff_deliveries
from miniprogram_api.staff.departures import departures as staff_departures
from miniprogram_api.staff.digests import digests
from miniprogram_api.staff.documents import documents as staff_documents
from miniprogram_api.staff.early_service import early_service
from miniprogram_api.staff.gates import gates as staff_gates
from miniprogram_api.staff.login import login as staff_login
from miniprogram_api.staff.money import money as staff_money
from miniprogram_api.staff.promises import promises as staff_promises
from miniprogram_api.staff.skills import skills as staff_skills
from miniprogram_api.staff.tasks import tasks
from miniprogram_api.staff.visits import visits as staff_visits
from miniprogram_api.staff.work_patterns import work_patterns as staff_work_patterns


@dataclass(frozen=True, slots=True)
class BlueprintEntry:
    """A blueprint and its guard, which also says whether its POSTs need or may have an Idempotency-Key."""

    blueprint: APIBlueprint
    guard: guards.Guard


BLUEPRINTS: Sequence[BlueprintEntry] = (
    BlueprintEntry(health, guards.anyone),
    BlueprintEntry(metrics, guards.metrics_collector),
    BlueprintEntry(docs, guards.docs_reader),
    BlueprintEntry(public, guards.anyone),
    BlueprintEntry(account, guards.customer),
    BlueprintEntry(personal_data, guards.customer),
    BlueprintEntry(applications, guards.customer),
    BlueprintEntry(cases, guards.customer),
    BlueprintEntry(promises, guards.customer),
    BlueprintEntry(customer_case_changes, guards.customer),
    BlueprintEntry(visits, guards.customer),
    BlueprintEntry(documents, guards.customer),
    BlueprintEntry(files, guards.link_holder),
    BlueprintEntry(form, guards.customer),
    BlueprintEntry(money, guards.customer),
    BlueprintEntry(staff_login, guards.anyone),
    BlueprintEntry(staff_account, guards.staff),
    BlueprintEntry(tasks, guards.staff),
    BlueprintEntry(staff_gates, guards.staff),
    BlueprintEntry(staff_cases, guards.staff),
    BlueprintEntry(staff_case_searches, guards.staff),
    BlueprintEntry(staff_promises, guards.staff),
    BlueprintEntry(staff_documents, guards.staff),
    BlueprintEntry(staff_money, guards.staff),
    BlueprintEntry(staff_applications, guards.staff),
    BlueprintEntry(staff_case_changes, guards.staff),
    BlueprintEntry(staff_visits, guards.staff),
    BlueprintEntry(absences, guards.staff),
    BlueprintEntry(staff_work_patterns, guards.staff),
    BlueprintEntry(staff_skills, guards.staff),
    BlueprintEntry(staff_departures, guards.staff),
    BlueprintEntry(staff_deliveries, guards.staff),
    BlueprintEntry(digests, guards.staff),
    BlueprintEntry(early_service, guards.staff),
    BlueprintEntry(partner_cases, guards.partner),
    BlueprintEntry(staff_calendar, guards.staff),
    BlueprintEntry(customer_conversations, guards.customer),
    BlueprintEntry(customer_conversation_care, guards.customer),
    BlueprintEntry(staff_conversations, guards.staff),
    BlueprintEntry(staff_conversation_tools, guards.staff),
    BlueprintEntry(staff_conversation_care, guards.staff),
    BlueprintEntry(callbacks, guards.signed_by_wechat),
    BlueprintEntry(console, guards.simulator_only),
)


_REPLAYS: Mapping[guards.Guard, Callable[..., Any]] = {
    guards.customer: idempotency.replay_answer,
    guards.staff: idempotency.replay_answer_if_asked,
}


class PublicId(BaseConverter):
    """One of the product's identifiers in a path. Anything else is answered with 404."""

    regex = r"[A-Za-z0-9_-]{16}"


class RowNumber(BaseConverter):
    """The number of a row of which everybody sees only their own. Anything else is answered with 404."""

    regex = r"[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        """The number, which every database can hold."""
        return int(value)


class PublicKey(BaseConverter):
    """A key of the city's data (program, purpose, template) in a path."""

    regex = r"[a-z][a-z0-9_]{0,63}"


def register_blueprints(app: StewardApp) -> None:
    """Register every blueprint with its guard and, where needed, its idempotency hooks."""
    app.url_map.converters["public_id"] = PublicId
    app.url_map.converters["row_number"] = RowNumber
    app.url_map.converters["public_key"] = PublicKey
    # Else an address with two slashes is answered with a redirection to whatever Host the request names.
    app.url_map.merge_slashes = False
    app.before_request(check_body)
    app.extensions["steward.guards"] = {entry.blueprint.name: entry.guard for entry in BLUEPRINTS}
    for entry in BLUEPRINTS:
        hooks: list[Callable[..., Any]] = [entry.guard]
        if entry.guard in _REPLAYS:
            hooks.append(_REPLAYS[entry.guard])
        app.before_request_funcs.setdefault(entry.blueprint.name, []).extend(hooks)
        if entry.guard in _REPLAYS:
            app.after_request_funcs.setdefault(entry.blueprint.name, []).append(idempotency.store_answer)
        app.register_blueprint(entry.blueprint)
