"""Downloads a document through a signed, short-lived link."""

from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Response, request

from app.core import objectstore
from app.core.atomic import release_connection
from miniprogram_api.slow_clients import STREAMED
from miniprogram_api.uploads import ask_store, link_signer

_PIECE = 64 * 1024

files = APIBlueprint("files", __name__, url_prefix="/api/v1/files", enable_openapi=False)


@files.get("/<token>")
def fetch(token: str) -> Response:
    """Send it as an attachment, with its exact type, so that no browser interprets it as anything else."""
    delivery = link_signer().deliver(token)
    release_connection()
    file = ask_store(lambda: objectstore.fetch(delivery.object_key))
    answer = Response(_pieces(file), mimetype=delivery.media_type)
    answer.call_on_close(file.close)
    request.environ[STREAMED] = True
    answer.headers["Content-Length"] = str(delivery.size)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(delivery.name, safe='')}"
    return answer


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
