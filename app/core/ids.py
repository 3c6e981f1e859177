"""Identifiers that can't be guessed, for every noun that has an address."""

import secrets

LENGTH = 16


def new_id() -> str:
    """A fresh random identifier: 16 characters safe in a URL, 96 bits."""
    return secrets.token_urlsafe(12)
