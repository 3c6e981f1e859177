"""The first page of `make serve`, which no other installation has."""

from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

import wsgi
from app import factory
from app.core import clock
from app.core.clock import FixedClock
from app.core.settings import Profile, Settings
from demo.sample import plan
from demo.site import site_app
from demo.site.accounts import audiences
from tests.world import World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _site(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Flask:
    """The page on an application of its own: a blueprint can't be taken away again."""
    application = factory.create_app(Settings.for_tests(database_url=database_url))
    monkeypatch.setattr(wsgi, "create_app", lambda: application)
    return site_app.create_app()


@on_sqlite
def test_the_product_has_nothing_at_its_root(client: FlaskClient) -> None:
    assert client.get("/").status_code == 404


@on_sqlite
def test_the_first_page_is_refused_in_production(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    production = replace(app.extensions["steward.settings"], profile=Profile.PRODUCTION)
    monkeypatch.setitem(app.extensions, "steward.settings", production)
    monkeypatch.setattr(wsgi, "create_app", lambda: app)
    with pytest.raises(ValueError, match="demo and test settings only"):
        site_app.create_app()


@on_sqlite
@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-25T22:00+08:00", None),
        ("2026-11-29T23:10+08:00", "下一个工作日 11月30日"),
        ("2026-12-31T23:59+08:00", None),
        ("2027-01-01T00:00+08:00", "下一个工作日 01月04日"),
    ],
)
def test_the_page_says_when_today_is_a_day_off(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch, at: str, said: str | None
) -> None:
    clock.use(FixedClock(datetime.fromisoformat(at)))
    answer = _site(monkeypatch, database_url).test_client().get("/")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert ("今天不上班" in page) is (said is not None)
    assert said is None or said in page


def test_every_customer_of_the_page_is_in_the_sample() -> None:
    planned = {case.customer.key for case in plan.read().cases}
    offered = {account.person.key for account in audiences()[0].accounts}
    assert offered <= planned
