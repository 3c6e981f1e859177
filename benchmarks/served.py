"""The product's application with routes to compare it with: `granian --factory benchmarks.served:app`."""

from flask import Response, jsonify

from app.factory import create_app
from benchmarks import idiomatic_submission, row_locks
from benchmarks.idiomatic import lookup, signed_in
from miniprogram_api.edge import StewardApp

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
    application.add_url_rule(
        f"{ROW_LOCKS}<case_id>/<int:piece>", "bench_row_locks", _row_locks, methods=["POST"]
    )
    return application


def _trivial() -> Response:
    return jsonify({"status": "ok"})


def _submission(application_id: str) -> tuple[dict[str, str], int]:
    case = idiomatic_submission.submit(application_id, signed_in())
    return {"id": case.id, "number": case.number}, 201


def _row_locks(case_id: str, piece: int) -> tuple[dict[str, str], int]:
    visit = row_locks.hold_time(signed_in(), case_id, piece)
    return {"id": visit.id}, 201
