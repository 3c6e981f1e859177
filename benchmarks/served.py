"""The product's application with two more routes to compare with: `granian --factory benchmarks.served:app`."""

from flask import Response, jsonify

from app.factory import create_app
from benchmarks.idiomatic import lookup
from miniprogram_api.edge import StewardApp

TRIVIAL = "/bench/trivial"
IDIOMATIC = "/bench/idiomatic/cases/"


def app() -> StewardApp:
    """The application by the environment's settings."""
    application = create_app()
    application.add_url_rule(TRIVIAL, "bench_trivial", _trivial)
    application.add_url_rule(f"{IDIOMATIC}<case_id>", "bench_idiomatic", lookup)
    return application


def _trivial() -> Response:
    return jsonify({"status": "ok"})
