"""Answers that are a PDF."""

from typing import Any

from flask import Response

PDF_ANSWER: dict[Any, Any] = {
    200: {
        "description": "PDF",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""How the OpenAPI document describes such an answer."""

PAPER_ANSWERS: dict[Any, Any] = PDF_ANSWER | {409: {"description": "文件与生成时不一致，已停止使用"}}
"""The same for a stored paper, whose hash is checked."""


def pdf(content: bytes, name: str = "") -> Response:
    """A PDF that the phone shows. No cache may store it, since it holds personal data.

    `name` is the file's name in ASCII, without its ending.
    """
    answer = Response(content, mimetype="application/pdf")
    if name:
        answer.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer
