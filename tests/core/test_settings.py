"""What an installation is told, and what it refuses to start with."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.core.settings import _DEMO_SECRETS, Profile, Settings, SettingsError

AES_KEY = "k" * 43


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """An environment with which production starts."""
    templates = tmp_path / "templates.toml"
    templates.write_text("", encoding="utf-8")
    return {
        "STEWARD_DATABASE_URL": "postgresql://steward@db/steward",
        "STEWARD_SECRET_KEY": "s" * 32,
        "STEWARD_DATA_KEYS": Fernet.generate_key().decode(),
        "STEWARD_HASH_KEY": "h" * 32,
        "STEWARD_MINIPROGRAM_APPID": "wx1",
        "STEWARD_MINIPROGRAM_SECRET": "secret of the mini-program",
        "STEWARD_MINIPROGRAM_PUSH_TOKEN": "token1",
        "STEWARD_MINIPROGRAM_PUSH_AES_KEY": AES_KEY,
        "STEWARD_SERVICE_APPID": "wx2",
        "STEWARD_SERVICE_SECRET": "secret of the service account",
        "STEWARD_SERVICE_PUSH_TOKEN": "token2",
        "STEWARD_SERVICE_PUSH_AES_KEY": AES_KEY,
        "STEWARD_TEMPLATE_IDS": str(templates),
    }


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment(environ)
    return error.value.faults


def test_production_starts_when_all_is_given(production: dict[str, str]) -> None:
    settings = Settings.from_environment(production)
    assert settings.profile is Profile.PRODUCTION
    assert not settings.simulated
    # psycopg 3, whether the address names it or not.
    assert settings.database_url == "postgresql+psycopg://steward@db/steward"


def test_production_is_what_nobody_asked_otherwise_for(production: dict[str, str]) -> None:
    assert faults({}) == faults({"STEWARD_PROFILE": "production"})
    assert Settings.from_environment({**production, "STEWARD_PROFILE": "production"}).simulated is False


def test_an_empty_environment_is_told_everything_at_once(production: dict[str, str]) -> None:
    assert sorted(fault.split(":")[0] for fault in faults({})) == sorted(production)


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "DATA_KEYS", "HASH_KEY", "MINIPROGRAM_SECRET", "SERVICE_SECRET"]
)
def test_production_refuses_the_demos_secrets(production: dict[str, str], name: str) -> None:
    (fault,) = faults({**production, f"STEWARD_{name}": _DEMO_SECRETS[name]})
    assert fault.startswith(f"STEWARD_{name}: ")
    assert "demo" in fault


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"DATABASE_URL": "sqlite:///steward.db"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://db/steward"}, "DATABASE_URL"),
        ({"WECHAT_URL": "http://127.0.0.1:9000"}, "WECHAT_URL"),
        ({"CLOCK_FILE": "/tmp/clock"}, "CLOCK_FILE"),
        ({"SECRET_KEY": "s" * 31}, "SECRET_KEY"),
        ({"HASH_KEY": "short"}, "HASH_KEY"),
        ({"DATA_KEYS": "not a key"}, "DATA_KEYS"),
        ({"SERVICE_PUSH_AES_KEY": "k" * 42}, "SERVICE_PUSH_AES_KEY"),
        ({"TEMPLATE_IDS": ""}, "TEMPLATE_IDS"),
        ({"TEMPLATE_IDS": "/no/such/file"}, "TEMPLATE_IDS"),
        ({"CITY": "/no/such/folder"}, "CITY"),
        ({"SESSION_HOURS": "0"}, "SESSION_HOURS"),
        ({"SESSION_HOURS": "0.5"}, "SESSION_HOURS"),
        ({"SESSION_HOURS": "nan"}, "SESSION_HOURS"),
        ({"SESSION_HOURS": "inf"}, "SESSION_HOURS"),
        ({"SESSION_IDLE_HOURS": "0"}, "SESSION_IDLE_HOURS"),
        ({"SERVE_DOCS": "perhaps"}, "SERVE_DOCS"),
        ({"TICK_SECONDS": "often"}, "TICK_SECONDS"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"PROFILE": "prod"}, "PROFILE"),
    ],
)
def test_production_refuses(production: dict[str, str], change: dict[str, str], named: str) -> None:
    environ = production | {f"STEWARD_{name}": value for name, value in change.items()}
    found = faults(environ)
    assert {fault.split(":")[0] for fault in found} == {f"STEWARD_{named}"}, found


def test_the_description_of_the_api_in_production_needs_a_wish(production: dict[str, str]) -> None:
    assert not Settings.from_environment(production).docs_open
    assert Settings.from_environment({**production, "STEWARD_SERVE_DOCS": "yes"}).docs_open


def test_sqlite_in_production_needs_a_wish(production: dict[str, str]) -> None:
    environ = {**production, "STEWARD_DATABASE_URL": "sqlite:///steward.db", "STEWARD_ALLOW_SQLITE": "yes"}
    assert Settings.from_environment(environ).on_sqlite


def test_two_data_keys_the_newest_first(production: dict[str, str]) -> None:
    new, old = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings = Settings.from_environment({**production, "STEWARD_DATA_KEYS": f"{new}, {old}"})
    assert settings.data_keys == (new, old)


@pytest.mark.parametrize("profile", ["demo", "test"])
def test_a_demo_starts_with_an_address_alone(profile: str) -> None:
    environ = {"STEWARD_PROFILE": profile, "STEWARD_DATABASE_URL": "sqlite:///demo.db"}
    assert Settings.from_environment(environ).simulated


def test_no_secret_is_shown_by_its_repr_or_its_faults(production: dict[str, str]) -> None:
    shown = repr(Settings.from_environment(production))
    shown += str(SettingsError(faults({**production, "STEWARD_SECRET_KEY": "too short to keep"})))
    secret = [name for name in production if name.endswith(("_KEY", "_KEYS", "_SECRET", "_TOKEN"))]
    assert [name for name in secret if production[name] in shown] == []
    assert "too short to keep" not in shown
