"""A contract is personal data: unreadable in the table, and moved to a new key like everything else."""

from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import LargeBinary, select, type_coerce

from app.core import crypto
from app.core.atomic import atomic
from app.core.db import db
from app.models import Case, Paper, Staff
from app.services.papers import make_paper, paper_records
from app.services.privacy import key_rotation
from tests.world import World

PDF = b"%PDF-1.7 \xe9\x92\xb1"


def kept_paper(world: World) -> str:
    customer = world.log_in("o_customer", "13800000001")
    case_id = world.submitted(customer)["id"]
    with world.app.app_context(), atomic():
        case = db.session.get_one(Case, case_id)
        staff = db.session.get_one(Staff, case.manager_id)
        return make_paper.store_paper(case, "agreement", "WT-1", 1, {}, PDF, staff.id).id


def stored(app: Flask, paper_id: str) -> bytes:
    column = Paper.__table__.c.content
    with app.app_context():
        raw = db.session.scalar(select(type_coerce(column, LargeBinary)).where(Paper.id == paper_id))
        assert raw is not None
        return bytes(raw)


def test_the_table_holds_no_readable_contract(world: World) -> None:
    paper_id = kept_paper(world)
    assert b"PDF" not in stored(world.app, paper_id)
    with world.app.app_context():
        assert paper_records.paper_content(db.session.get_one(Paper, paper_id)) == PDF


def test_a_contract_moves_to_the_newest_key(world: World) -> None:
    paper_id = kept_paper(world)
    settings = world.app.extensions["steward.settings"]
    old, new = settings.data_keys[0], Fernet.generate_key().decode()
    try:
        crypto.install([new, old], settings.hash_key)
        with world.app.app_context(), atomic():
            found = next(column for column in key_rotation.columns() if str(column) == "papers.content")
            assert key_rotation.rotate_batch(found, None, 10).size == 1
        crypto.install([new], settings.hash_key)
        with world.app.app_context():
            query = select(Paper.content).where(Paper.id == paper_id)
            assert db.session.scalar(query) == PDF
    finally:
        crypto.install(settings.data_keys, settings.hash_key)
