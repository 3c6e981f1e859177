"""The product's application with routes to compare it with: `granian --factory benchmarks.served:app`."""

from flask import Response, jsonify

from app.factory import create_app
from benchmarks import idiomatic_submission, row_locks
from benchmarks.idiomatic import lookup, signed_in
from miniprogram_api.flask_app import StewardApp
from miniprogram_api.slow_clients import SlowClients

TRIVIAL = "/bench/trivial"
IDIOMATIC = "/bench/idiomatic/cases/"
SUBMISSIONS = "/bench/idiomatic/submissions/"
ROW_LOCKS = "/bench/row-locks/"


def app() -> StewardApp:
    """The application by the environment's settings."""
    application = create_app()
    application.add_url_rule(TRIVIAL, "bench_trivial", _trivial)
    application.add_url_rule(f"{IDIOMATIC}<case_id>", "bench_idiomatic", lookup)
    application.add_url_rule(
        f"{SUBMISSIONS}<application_id>", "bench_submission", _submission, methods=["POST"]
    )
    # By its name one of the product's routes for customers: behind their guard, and answered once.
    application.add_url_rule(
        f"{ROW_LOCKS}<case_id>", "customer_visits.row_locks", row_locks.hold_time, methods=["POST"]
    )
    application.wsgi_app = SlowClients(application.wsgi_app)  # type: ignore[method-assign]
    return application


def _trivial() -> Response:
    return jsonify({"status": "ok"})


def _submission(application_id: str) -> tuple[dict[str, str], int]:
    case = idiomatic_submission.submit(application_id, signed_in())
    return {"id": case.id, "number": case.number}, 201
