"""A PDF as an answer: shown by the phone, kept by nobody on the way."""

from flask import Response


def pdf(content: bytes) -> Response:
    """The answer. No cache may keep what holds personal data."""
    answer = Response(content, mimetype="application/pdf")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
