"""Health checks for load balancers and process managers."""

from typing import Any

from apiflask import APIBlueprint

from app.services.operations import readiness

health = APIBlueprint("health", __name__, enable_openapi=False)


@health.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@health.get("/readyz")
def ready() -> tuple[dict[str, Any], int]:
    """The database answers and stands at the migration that this code expects."""
    report = readiness.check()
    return {"status": "ok" if report.ready else "not ready", **report.facts}, 200 if report.ready else 503
