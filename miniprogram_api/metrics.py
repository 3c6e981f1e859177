"""The figures that a Prometheus server collects: what waits, what is late, what did not arrive.

Everything is read from the database when it is asked for, so that any web process can answer for all
processes, jobs included. There is no personal data in it, and no name of anybody.
"""

from collections.abc import Iterable, Mapping

from apiflask import APIBlueprint
from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.services.operations import service_metrics
from app.services.operations.service_metrics import VitalSigns
from notifications.oversight import delivery_metrics as delivery_signs
from notifications.oversight.delivery_metrics import DeliverySigns

metrics = APIBlueprint("metrics", __name__, enable_openapi=False)

PREFIX = "steward_"


@metrics.get("/metrics")
def read() -> Response:
    """In Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_Signs(service_metrics.read(), delivery_signs.read()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Signs(Collector):
    """The signs as they were read for one answer."""

    def __init__(self, work: VitalSigns, delivery: DeliverySigns) -> None:
        self._work = work
        self._delivery = delivery

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One family for each figure of docs/operations.md."""
        work, delivery = self._work, self._delivery
        yield _gauge("timers_due", "Timers that are due and not fired.", work.timers_due)
        yield _gauge("timers_lag_seconds", "Age of the oldest timer that is due.", work.timers_lag)
        yield _gauge("warnings_due", "Promises that run short, nobody told yet.", work.warnings_due)
        yield _gauge("open_tasks", "Tasks that are waited for.", work.open_tasks)
        yield _gauge("unassigned_tasks", "Of these, those that nobody took.", work.unassigned_tasks)
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
        yield _by("undelivered", "Messages that did not arrive.", "state", delivery.undelivered)
        closed = dict.fromkeys(delivery.closed_channels, 1)
        yield _by("channel_closed", "1 for a channel in trouble.", "channel", closed)
        yield _gauge("templates_stopped", "Templates that WeChat refuses.", delivery.stopped_templates)
        yield _gauge("callbacks_waiting", "Callbacks that are not worked off.", delivery.callbacks_waiting)
        yield _by("token_seconds", "How long a token still holds.", "appid", delivery.token_seconds)


def _gauge(name: str, help_: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, help_, value=value)


def _by(name: str, help_: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(PREFIX + name, help_, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
