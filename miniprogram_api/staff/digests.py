"""The morning message of a member of staff: its notices, and marking it as read."""

from typing import Any

from apiflask import APIBlueprint

from miniprogram_api.guards import me
from miniprogram_api.schemas.digests import DigestOut
from notifications.oversight import digest_queries

digests = APIBlueprint("staff_digests", __name__, url_prefix="/api/v1/staff/digests", tag="staff")


@digests.get("/<public_id:digest_id>")
@digests.output(DigestOut)
@digests.doc(summary="今日须知")
def read_digest(digest_id: str) -> Any:
    """Returns all notices of one morning message to the caller, by case and importance.

    `digest_id` is the id of its notice (kind `morning_digest`). Refused with `not_found` for a message to
    somebody else.
    """
    return digest_queries.digest_of(me().id, digest_id)


@digests.post("/<public_id:digest_id>/reads")
@digests.output({}, status_code=204)
@digests.doc(summary="标记今日须知为已读")
def mark_digest_read(digest_id: str) -> str:
    """Marks a morning's message and all its notices as read.

    Repeating the call changes nothing. Refused with `not_found` for a message to somebody else.
    """
    digest_queries.mark_digest_read(me().id, digest_id)
    return ""
