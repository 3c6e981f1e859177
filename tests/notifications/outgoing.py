"""Messages on their way, written straight into the outbox: for tests of what becomes of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.core.ids import new_id
from notifications.models import DeliveryState, Notice, OutboxMessage
from notifications.outbox.delivery_rules import FIRST, ORDINARY
from notifications.wording.kinds import Audience, Channel

DATA = {
    Channel.SUBSCRIBE: {
        "character_string1": "26031012345678",
        "thing2": "演示食品厂一期",
        "name3": "管家甲",
        "phone_number4": "13800000001",
        "thing5": "客户管家将主动与您联系",
    },
    Channel.TEMPLATE: {
        "character_string1": "26031012345678",
        "thing2": "演示食品厂一期",
        "thing3": "设计出图",
        "thing4": "2026-03-12 17:00",
        "thing5": "管家甲",
    },
}
DATA[Channel.WECOM] = {
    "title": "新任务",
    "description": "工单26031012345678：设计出图，请于2026-03-12 17:00前完成。",
    "url": "https://shuiguanjia.example.cn/open?page=staff",
}
STAFF = (Channel.TEMPLATE, Channel.WECOM)
TEMPLATES = {
    Channel.WECOM: "card",
    Channel.SUBSCRIBE: "accepted",
    Channel.TEMPLATE: "staff_task",
    Channel.SMS: "sms",
    Channel.CALL: "",
}


def rows(number: int, channel: Channel, **columns: Any) -> list[dict[str, Any]]:
    """So many messages of one channel, each to somebody else about another case; `columns` are their own.

    Those to customers may use a last consent.
    """
    now = clock.now()
    return [
        {
            "id": new_id(),
            "notice_id": new_id(),
            "kind": "new_case" if channel in STAFF else "case_accepted",
            "case_id": f"case-{position}",
            "audience": Audience.STAFF if channel in STAFF else Audience.CUSTOMER,
            "recipient_id": f"person-{position}",
            "channel": channel,
            "template_key": TEMPLATES[channel],
            "openid": f"{channel}-{position}",
            "data": DATA.get(channel, {}),
            "page": "pages/case/index?id=case-1",
            "next_channels": {"routes": []},
            "dedupe_key": new_id(),
            "importance": FIRST if channel is Channel.SUBSCRIBE else ORDINARY,
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "next_attempt_at": now,
            "created_at": now,
            **columns,
        }
        for position in range(number)
    ]


def put(messages: list[dict[str, Any]]) -> list[str]:
    """Write them with their notices; their ids."""
    notices = [
        {
            "id": message["notice_id"],
            "customer_id": message["recipient_id"],
            "case_id": message["case_id"],
            "kind": message["kind"],
            "title": "演示",
            "body": "演示",
            "page": message["page"],
            "dedupe_key": message["dedupe_key"],
            "created_at": message["created_at"],
        }
        for message in messages
    ]
    with atomic():
        connection = db.session.connection()
        connection.execute(insert(Notice), notices)
        connection.execute(insert(OutboxMessage), messages)
    return [message["id"] for message in messages]


def state_of(message_id: str) -> tuple[str, str, str | None, datetime]:
    """Channel, state, failure class and next attempt."""
    with atomic(read_only=True):
        row = db.session.execute(
            select(
                OutboxMessage.channel,
                OutboxMessage.state,
                OutboxMessage.failure_class,
                OutboxMessage.next_attempt_at,
            ).where(OutboxMessage.id == message_id)
        ).one()
        return row.channel, row.state, row.failure_class, row.next_attempt_at
