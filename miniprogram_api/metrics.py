"""Metrics for Prometheus: what waits, what is late, what was not delivered.

Everything is read from the database at the time of the request, so that any web process can answer for all
processes, including the jobs. The metrics contain no personal data.
"""

from collections.abc import Iterable, Mapping

from apiflask import APIBlueprint
from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.services.operations import service_metrics
from app.services.operations.service_metrics import ServiceMetrics
from notifications.oversight import delivery_metrics
from notifications.oversight.delivery_metrics import DeliverySigns

metrics = APIBlueprint("metrics", __name__, enable_openapi=False)

PREFIX = "steward_"


@metrics.get("/metrics")
def read() -> Response:
    """In Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_MetricsCollector(service_metrics.read_metrics(), delivery_metrics.read()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _MetricsCollector(Collector):
    """The metrics as they were read for one answer."""

    def __init__(self, work: ServiceMetrics, delivery: DeliverySigns) -> None:
        self._work = work
        self._delivery = delivery

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One family for each figure of docs/operations.md."""
        work, delivery = self._work, self._delivery
        yield _gauge("timers_due", "Timers that are due and not fired.", work.timers_due)
        yield _gauge("timers_lag_seconds", "Age of the oldest timer that is due.", work.timers_lag)
        yield _gauge("warnings_due", "Due warnings about promises that run short.", work.warnings_due)
        yield _gauge("open_tasks", "Open tasks.", work.open_tasks)
        yield _gauge("unassigned_tasks", "Open tasks that nobody has claimed.", work.unassigned_tasks)
        yield _gauge("overdue_cases", "Cases with work that is late.", work.overdue_cases)
        yield _gauge("due_soon_cases", "Cases with work due within a working day.", work.due_soon_cases)
        queues = {queue.channel: queue for queue in delivery.queues}
        yield _by(
            "messages_waiting",
            "Messages that could be sent.",
            "channel",
            {channel: queue.waiting for channel, queue in queues.items()},
        )
        yield _by(
            "messages_oldest_seconds",
            "Age of the oldest of them.",
            "channel",
            {channel: queue.age for channel, queue in queues.items()},
        )
        yield _gauge("messages_sending", "Messages that a worker has claimed.", delivery.sending)
        yield _by("attempts_last", "How the last attempts ended.", "outcome", delivery.attempts)
        yield _by("undelivered", "Messages that were not delivered.", "state", delivery.undelivered)
        closed = dict.fromkeys(delivery.closed_channels, 1)
        yield _by("channel_closed", "1 for a channel that is closed now.", "channel", closed)
        yield _gauge("templates_stopped", "Templates that WeChat refused.", delivery.stopped_templates)
        yield _gauge("callbacks_waiting", "Callbacks that are not processed yet.", delivery.callbacks_waiting)
        yield _gauge(
            "callbacks_failed", "Callbacks of a week that could not be handled.", delivery.callbacks_failed
        )
        yield _by("token_seconds", "Seconds until the access token expires.", "appid", delivery.token_seconds)


def _gauge(name: str, help_: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, help_, value=value)


def _by(name: str, help_: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(PREFIX + name, help_, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
