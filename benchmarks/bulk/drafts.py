"""Complete applications that were not submitted yet, each of a customer of its own with a live login."""

import random
from dataclasses import dataclass
from datetime import timedelta

import orjson
import psycopg

from app.core import clock, crypto
from app.services.people.phones import phone_hash
from app.services.people.sessions import Audience, TokenSigner
from benchmarks.bulk import people
from benchmarks.bulk.printing import as_copied, copy, customer_rows, fresh_ids, hexed, row
from tests.world import ANSWERS

LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PrintedDraft:
    """An application to submit: its id, its customer's token, and the contact phone in E.164."""

    application_id: str
    token: str
    phone: str


def write(
    url: str, signer: TokenSigner, seed: int, first: int, number: int, consent: str
) -> list[PrintedDraft]:
    """Write so many drafts of the people with the serials from `first` on."""
    chance = random.Random(f"{seed}/drafts/{first}")
    now = clock.now()
    at, later = as_copied(now), as_copied(now + LIFETIME)
    made = []
    texts: dict[str, list[str]] = {
        name: [] for name in ("customers", "privacy_consents", "sessions", "applications")
    }
    for serial in range(first, first + number):
        customer_id, session_id, application_id = fresh_ids(chance, 3)
        phone = "+86" + people.phone_of_printed(serial, seed)
        hashed = phone_hash(phone)
        customer, consented = customer_rows(customer_id, serial, phone, hashed, at, consent, follows=True)
        answers = people.answers_of(
            ANSWERS, serial, people.name_of(serial), phone, chance.choice(people.DISTRICTS)
        )
        # They follow the 服务号, so that what they are told goes out.
        texts["customers"].append(customer)
        texts["privacy_consents"].append(consented)
        texts["sessions"].append(
            row(
                "sessions",
                {
                    "id": session_id,
                    "audience": Audience.CUSTOMER.value,
                    "subject_id": customer_id,
                    "created_at": at,
                    "expires_at": later,
                },
            )
        )
        texts["applications"].append(
            row(
                "applications",
                {
                    "id": application_id,
                    "program_key": "single_meter",
                    "customer_id": customer_id,
                    "phone_hash": hashed,
                    "channel": "miniprogram",
                    "answers": hexed(crypto.encrypt(orjson.dumps(answers).decode())),
                    "sources": orjson.dumps(dict.fromkeys(answers, "customer")).decode(),
                    "created_at": at,
                    "updated_at": at,
                },
            )
        )
        made.append(PrintedDraft(application_id, signer.signed(Audience.CUSTOMER, session_id), phone))
    with psycopg.connect(url) as connection:
        for name, rows in texts.items():
            copy(connection, name, "".join(rows))
    return made
