"""The ground a benchmark stands on: migrated databases of both kinds, and cases walked to a telling point."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FixedClock, SystemClock
from app.core.db import db
from app.core.ids import new_id
from app.core.settings import Settings
from app.factory import create_app
from app.models import Case, Customer, Staff, Stage
from app.services.applications import drafts
from app.services.installation import city
from app.services.people import identity, phones
from app.services.people.sessions import Audience
from miniprogram_api.flask_app import StewardApp
from tests.databases import Postgresql, migrated_postgresql, migrated_sqlite, postgresql
from tests.world import ANSWERS, World

DATABASES = ("sqlite", "postgresql")
BEFORE_STOP = (
    "site_visit",
    "network_survey",
    "design_opinion",
    "engineering_opinion",
    "confirm_plan",
    "drawings",
    "quote",
    "sign_agreement",
)


@dataclass(frozen=True, slots=True)
class Owned:
    """A case, and a live token of the customer it belongs to."""

    case_id: str
    token: str


class Ground:
    """Fresh databases for one run; all of them wait for the disk, as in production."""

    def __init__(self, folder: Path, at_the_end: ExitStack) -> None:
        self._folder = folder
        self._at_the_end = at_the_end
        self._template: Path | None = None
        self._server: Postgresql | None = None
        self._made = 0

    def database(self, kind: str) -> str:
        """The address of a fresh, migrated database of that kind."""
        self._made += 1
        name = f"bench{self._made}"
        if kind == "sqlite":
            if self._template is None:
                self._template = migrated_sqlite(self._folder / "template.db")
            return f"sqlite:///{shutil.copy(self._template, self._folder / f'{name}.db')}"
        return migrated_postgresql(self._postgresql(), name)

    @contextmanager
    def careless_postgresql(self) -> Iterator[None]:
        """While databases are filled, the disk is not waited for; afterwards everything is on it."""
        server = self._postgresql()
        server.be_careless()
        yield
        server.be_careful()

    def _postgresql(self) -> Postgresql:
        if self._server is None:
            self._server = self._at_the_end.enter_context(postgresql(durable=True))
        return self._server


@contextmanager
def ground() -> Iterator[Ground]:
    """Everything is gone at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="steward-bench-") as folder, ExitStack() as at_the_end:
        yield Ground(Path(folder), at_the_end)


@contextmanager
def application(database_url: str) -> Iterator[StewardApp]:
    """The application in this process, on the machine's clock."""
    app = create_app(Settings.for_tests(database_url=database_url))
    clock.use(SystemClock())
    try:
        yield app
    finally:
        clock.use(SystemClock())
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def cases_with_a_stop(app: StewardApp, number: int) -> list[Owned]:
    """Cases of customers of their own, in construction after a stop, with six stages to show.

    The stage that a 设计方案意见征询 begins with is added to each, so that all six are there.
    """
    now = SystemClock().now()
    world = World(app)
    owned = [_walk(world, now, position) for position in range(number)]
    clock.use(SystemClock())
    return owned


def _walk(world: World, now: datetime, position: int) -> Owned:
    steps = FixedClock(now - timedelta(days=24))
    clock.use(steps)
    customer = world.log_in(f"o_bench_{position}", f"139{position:08d}")
    case_id: str = world.submitted(customer)["id"]
    for task in BEFORE_STOP:
        steps.set(steps.now() + timedelta(days=1))
        world.complete(case_id, task)
    steps.set(steps.now() + timedelta(days=7))
    world.complete(case_id, "payment", receipt_number=f"SJ-{position}")
    clock.use(SystemClock())
    with world.app.app_context(), atomic():
        case = db.session.get_one(Case, case_id)
        db.session.add(
            Stage(
                case_id=case_id,
                key="information_transfer",
                round=1,
                opened_at=case.opened_at - timedelta(days=2),
                due_at=case.opened_at - timedelta(days=1),
                completed_at=case.opened_at - timedelta(days=1),
            )
        )
        assert case.customer_id is not None
        token = world.app.extensions["steward.signer"].issue(Audience.CUSTOMER, case.customer_id)
        db.session.flush()
    return Owned(case_id, token.value)


@dataclass(frozen=True, slots=True)
class Draft:
    """A complete application that was not submitted yet, of a customer of its own with a live token."""

    application_id: str
    customer_id: str
    token: str


def drafts_to_submit(app: StewardApp, number: int) -> list[Draft]:
    """So many drafts. Everybody follows the 服务号, so that every message has a channel."""
    World(app)
    clock.use(SystemClock())
    follow_all(app)
    with app.app_context(), atomic():
        return [_draft(app, position) for position in range(number)]


def follow_all(app: StewardApp) -> None:
    """Let every member of staff follow the 服务号."""
    with app.app_context(), atomic():
        for member in db.session.scalars(select(Staff)):
            member.openid, member.service_openid = f"o_{member.number}", f"s_{member.number}"


def _draft(app: StewardApp, position: int) -> Draft:
    phone = f"+86138{position:08d}"
    customer = Customer(
        id=new_id(),
        openid=f"o_{position}",
        service_openid=f"s_{position}",
        phone=phone,
        phone_hash=phones.phone_hash(phone),
        created_at=clock.now(),
    )
    db.session.add(customer)
    db.session.flush()
    identity.consent(customer.id, city.current().city.privacy.version)
    draft = drafts.start_by_customer(customer.id, "single_meter")
    drafts.save_draft(draft, {**ANSWERS, "contact_phone": phone}, drafts.FROM_CUSTOMER)
    token = app.extensions["steward.signer"].issue(Audience.CUSTOMER, customer.id)
    return Draft(draft.id, customer.id, token.value)
