"""Running the installation: idempotency, jobs that run once, readiness, metrics, the public guide."""
