"""A few days of a small utility: fewer pushes than notices, and nothing due unheard."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from tests.pushes import push_figures
from tests.pushes.simulated_month import Size, simulate

MONDAY = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_small_utility_is_told_little_and_hears_of_everything_due(app: Flask) -> None:
    month = simulate(app, Size(staff=20, open_cases=8, filling_days=2, days=3), MONDAY, seed=13)

    with app.app_context():
        found = push_figures.report(month)
    assert found.unheard == []
    assert found.sent.median <= 6
    assert found.sent.p95 <= 12
    assert found.sent.a_day < found.alone.a_day
    assert found.tasks > 40
