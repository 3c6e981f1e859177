"""The account of a member of staff: notices, log-out."""

from typing import Any

from apiflask import APIBlueprint

from miniprogram_api.cursors import next_cursor, number_cursor
from miniprogram_api.guards import me
from miniprogram_api.schemas.shared import NoticesOut, PageIn
from miniprogram_api.session_routes import add_session_routes
from notifications.oversight import notice_queries

account = APIBlueprint("staff_account", __name__, url_prefix="/api/v1/staff", tag="staff")
add_session_routes(account)


@account.get("/notices")
@account.input(PageIn, location="query")
@account.output(NoticesOut)
@account.doc(summary="站内通知")
def list_notices(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the in-app notices of the caller, newest first.

    `unread` counts all unread notices, not only those of this page.
    """
    page = notice_queries.notices_of_staff(
        me().id, before=number_cursor(query_data.get("cursor")), limit=query_data["limit"]
    )
    return {
        "items": page.items,
        "unread": page.unread,
        "cursor": next_cursor(page.items, query_data["limit"], lambda notice: notice.seq),
    }


@account.post("/notices/<public_id:notice_id>/reads")
@account.output({}, status_code=204)
@account.doc(summary="标记通知为已读")
def mark_notice_read(notice_id: str) -> str:
    """Marks an in-app notice as read.

    Repeating the call changes nothing.
    """
    notice_queries.mark_read_by_staff(me().id, notice_id)
    return ""
