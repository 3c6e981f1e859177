"""The migrations make what the models describe, on both databases."""

from flask import Flask

from migrations.drift import differences


def test_models_and_migrations_agree(app: Flask) -> None:
    assert differences(app) == []
