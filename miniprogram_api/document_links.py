"""Downloads a document through a signed, short-lived link."""

from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Response

from miniprogram_api.uploads import link_signer

files = APIBlueprint("files", __name__, url_prefix="/api/v1/files", enable_openapi=False)


@files.get("/<token>")
def fetch(token: str) -> Response:
    """Send it as an attachment, with its exact type, so that no browser interprets it as anything else."""
    delivery = link_signer().deliver(token)
    answer = Response(delivery.pieces, mimetype=delivery.media_type)
    answer.headers["Content-Length"] = str(delivery.size)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(delivery.name, safe='')}"
    return answer
