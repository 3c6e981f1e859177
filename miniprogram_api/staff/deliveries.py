"""Undelivered messages, for supervisors: by cause, one by one, and sending again."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint

from app.core import clock
from app.domain.errors import NotAllowedError, NotFoundError
from miniprogram_api.cursors import instant_cursor, instant_key, next_cursor
from miniprogram_api.guards import me
from miniprogram_api.schemas.deliveries import (
    DeliveryOverviewOut,
    EnabledTemplateOut,
    UndeliveredPageOut,
    UnreachableStaffListOut,
)
from miniprogram_api.schemas.shared import PageIn
from notifications.followup import undelivered
from notifications.outbox import disabled_templates
from notifications.oversight import unreachable_staff

deliveries = APIBlueprint("staff_deliveries", __name__, url_prefix="/api/v1/staff/deliveries", tag="staff")

LOOKED_BACK = timedelta(days=30)


@deliveries.get("/overview")
@deliveries.output(DeliveryOverviewOut)
@deliveries.doc(summary="消息送达情况：按原因统计（督办）")
def read_overview() -> dict[str, Any]:
    """Returns how many messages of the last 30 days were not delivered, by cause.

    Also the channels and templates that are disabled now. Supervisors only.
    """
    _require_supervisor()
    return {
        "causes": undelivered.causes(clock.now() - LOOKED_BACK),
        "channels": undelivered.gates(),
        "templates": disabled_templates.disabled_templates(),
    }


@deliveries.get("")
@deliveries.input(PageIn, location="query")
@deliveries.output(UndeliveredPageOut)
@deliveries.doc(summary="未送达的消息（督办）")
def list_undelivered(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the messages that were not delivered, newest first.

    Without text and without names. Supervisors only.
    """
    _require_supervisor()
    limit = query_data["limit"]
    lines = undelivered.listed(instant_cursor(query_data.get("cursor")), limit)
    return {"items": lines, "cursor": next_cursor(lines, limit, lambda line: instant_key(line.settled_at))}


@deliveries.get("/unreachable-staff")
@deliveries.output(UnreachableStaffListOut)
@deliveries.doc(summary="收不到任何推送的员工（督办）")
def list_unreachable_staff() -> dict[str, Any]:
    """Lists the members of staff whom no channel reaches.

    They see their notices in the app only. Who has `logged_in` has to follow the service account; the others
    have to log in first. Supervisors only.
    """
    _require_supervisor()
    return {"items": unreachable_staff.listed()}


@deliveries.post("/<public_id:delivery_id>/replays")
@deliveries.output({}, status_code=204)
@deliveries.doc(summary="重发未送达的消息（督办）")
def resend(delivery_id: str) -> str:
    """Sends an undelivered message again.

    Supervisors only. Refused with `conflict` when it may have arrived, is being sent, or the manager is
    calling the customer.
    """
    if not me().is_supervisor:
        raise NotFoundError
    undelivered.replay(delivery_id)
    return ""


@deliveries.post("/templates/<public_key:template_key>/releases")
@deliveries.output(EnabledTemplateOut, status_code=201)
@deliveries.doc(summary="恢复已停用的消息模板（督办）")
def release_template(template_key: str) -> dict[str, int]:
    """Enables a message template again that WeChat had refused.

    Messages that waited for it are sent. Supervisors only. Refused with `not_found` for a template that is
    not disabled.
    """
    _require_supervisor()
    return {"released": disabled_templates.release(template_key)}


def _require_supervisor() -> None:
    if not me().is_supervisor:
        raise NotAllowedError("送达情况由督办人员查看和处理。")
