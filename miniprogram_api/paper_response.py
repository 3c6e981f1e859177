"""Answering with a PDF."""

from typing import Any

from flask import Response

PDF_ANSWER: dict[Any, Any] = {
    200: {
        "description": "PDF",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""What a view that answers with a PDF says of itself in the OpenAPI document."""


def paper(content: bytes, name: str) -> Response:
    """A PDF that the phone opens; `name` in plain ASCII, without the ending."""
    answer = Response(content, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer
