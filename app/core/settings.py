"""Settings from the environment, checked as a whole before anything starts.

Three profiles: `production` (the default), `demo` and `test`. Only the latter two have default
secrets, a settable clock and the WeChat simulator; production refuses all three, and refuses
SQLite unless it is requested explicitly.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cryptography.fernet import Fernet

from app.core.accounts import SmsAccount, WeChatAccount, WeComAccount

PREFIX = "STEWARD_"
MEMORY = "memory://"
WECHAT = "https://api.weixin.qq.com"
WECOM = "https://qyapi.weixin.qq.com"
MINIMUM_SECRET = 32


class SettingsError(Exception):
    """The environment does not describe a runnable installation; `faults` says everything that is wrong."""

    def __init__(self, faults: list[str]) -> None:
        """Keep all faults, so that IT can fix them all at once."""
        super().__init__("settings are incomplete:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


class Profile(StrEnum):
    """What kind of installation this is."""

    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an installation decides. Secrets never appear in its repr."""

    profile: Profile
    database_url: str = field(repr=False)
    city_folder: Path | None
    secret_key: str = field(repr=False)
    data_keys: tuple[str, ...] = field(repr=False)
    hash_key: str = field(repr=False)
    miniprogram: WeChatAccount
    service_account: WeChatAccount
    sms: SmsAccount | None
    wecom: WeComAccount | None
    wechat_url: str
    template_ids: Path | None
    documents_url: str
    public_url: str | None
    clock_file: Path | None
    log_level: str
    session_hours: int
    session_idle_hours: float
    docs_open: bool
    tick_seconds: float
    trusted_proxies: int
    metrics_token: str

    @property
    def simulated(self) -> bool:
        """Whether WeChat is the simulator, the clock can be set and the console is served."""
        return self.profile is not Profile.PRODUCTION

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check the STEWARD_… variables. Raises `SettingsError` with every fault found."""
        return _Reader(environ).settings()

    @classmethod
    def for_tests(cls, database_url: str, **changes: str) -> "Settings":
        """Test settings on `database_url`; `changes` are variables without their prefix, in lower case."""
        environ = {
            f"{PREFIX}PROFILE": "test",
            f"{PREFIX}DATABASE_URL": database_url,
            # A test goes over days with one login.
            f"{PREFIX}SESSION_IDLE_HOURS": "168",
        }
        return cls.from_environment(
            environ | {PREFIX + name.upper(): value for name, value in changes.items()}
        )


# Openly worthless: they let a demo start with no set-up, and production refuses every one of them.
_DEMO_SECRETS = {
    "SECRET_KEY": "demo-secret-key-known-to-everybody-1",
    "DATA_KEYS": "ZGVtby1kYXRhLWtleS1rbm93bi10by1ldmVyeWJvZHk=",
    "HASH_KEY": "demo-hash-key-known-to-everybody-001",
    "MINIPROGRAM_APPID": "wx0000000000demo01",
    "MINIPROGRAM_SECRET": "demo-miniprogram-app-secret-00000",
    "MINIPROGRAM_PUSH_TOKEN": "demominiprogrampushtoken",
    "MINIPROGRAM_PUSH_AES_KEY": "demominiprogrampushaeskeyabcdefghijklmnopqr",
    "SERVICE_APPID": "wx0000000000demo02",
    "SERVICE_SECRET": "demo-service-account-app-secret-0",
    "SERVICE_PUSH_TOKEN": "demoservicepushtoken",
    "SERVICE_PUSH_AES_KEY": "demoserviceaccountpushaeskeyabcdefghijklmno",
}
AES_KEY_LENGTH = 43


class _Reader:
    """Reads one environment, collecting faults instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults: list[str] = []
        try:
            self._profile = Profile(environ.get(f"{PREFIX}PROFILE", "production"))
        except ValueError:
            self._profile = Profile.PRODUCTION
            self._fault("PROFILE", "must be production, demo or test")

    def settings(self) -> Settings:
        settings = Settings(
            profile=self._profile,
            database_url=self._database_url(),
            city_folder=self._path("CITY"),
            secret_key=self._secret("SECRET_KEY"),
            data_keys=self._data_keys(),
            hash_key=self._secret("HASH_KEY"),
            miniprogram=self._account("MINIPROGRAM"),
            service_account=self._account("SERVICE"),
            sms=self._sms(),
            wecom=self._wecom(),
            wechat_url=self._wechat_url(),
            template_ids=self._template_ids(),
            documents_url=self._documents_url(),
            public_url=self._public_url(),
            clock_file=self._clock_file(),
            log_level=self._log_level(),
            session_hours=int(self._number("SESSION_HOURS", 24 * 7, lowest=1)),
            session_idle_hours=self._number("SESSION_IDLE_HOURS", 24 * 3),
            docs_open=self._wish("SERVE_DOCS", default=self._profile is not Profile.PRODUCTION),
            tick_seconds=self._number("TICK_SECONDS", 2.0),
            trusted_proxies=self._proxies(),
            metrics_token=self._metrics_token(),
        )
        if self._faults:
            raise SettingsError(self._faults)
        return settings

    def _fault(self, name: str, fault: str) -> None:
        self._faults.append(f"{PREFIX}{name}: {fault}")

    def _value(self, name: str) -> str:
        value = self._environ.get(PREFIX + name, "")
        if not value and self._profile is not Profile.PRODUCTION:
            value = _DEMO_SECRETS.get(name, "")
        if not value:
            self._fault(name, "is missing")
        elif self._profile is Profile.PRODUCTION and value == _DEMO_SECRETS.get(name):
            self._fault(name, "is the demo's value, which everybody knows")
        return value

    def _secret(self, name: str) -> str:
        value = self._value(name)
        if value and len(value) < MINIMUM_SECRET:
            self._fault(name, f"must have at least {MINIMUM_SECRET} characters")
        return value

    def _database_url(self) -> str:
        url = self._value("DATABASE_URL")
        if url.startswith("postgresql://"):
            # psycopg 3 is the driver this product ships; an URL without driver means it.
            url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
        if url and not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            self._fault("DATABASE_URL", "must begin with sqlite:/// or postgresql://")
        requested = self._environ.get(f"{PREFIX}ALLOW_SQLITE") == "yes"
        if self._profile is Profile.PRODUCTION and url.startswith("sqlite") and not requested:
            self._fault("DATABASE_URL", f"is SQLite: set {PREFIX}ALLOW_SQLITE=yes if one machine is meant")
        return url

    def _data_keys(self) -> tuple[str, ...]:
        keys = tuple(key.strip() for key in self._value("DATA_KEYS").split(",") if key.strip())
        for position, key in enumerate(keys, start=1):
            try:
                Fernet(key)
            except ValueError:
                self._fault("DATA_KEYS", f"key {position} must be 32 bytes in url-safe base64")
        return keys

    def _account(self, name: str) -> WeChatAccount:
        aes_key = self._value(f"{name}_PUSH_AES_KEY")
        if aes_key and len(aes_key) != AES_KEY_LENGTH:
            self._fault(f"{name}_PUSH_AES_KEY", f"must have {AES_KEY_LENGTH} characters")
        return WeChatAccount(
            appid=self._value(f"{name}_APPID"),
            secret=self._value(f"{name}_SECRET"),
            push_token=self._value(f"{name}_PUSH_TOKEN"),
            push_aes_key=aes_key,
        )

    def _sms(self) -> SmsAccount | None:
        values = self._all_or_none("SMS", "SECRET_ID", "SECRET_KEY", "APP_ID", "SIGN_NAME", "TEMPLATE_ID")
        return None if values is None else SmsAccount(*values.values())

    def _wecom(self) -> WeComAccount | None:
        values = self._all_or_none("WECOM", "CORP_ID", "SECRET", "PUSH_TOKEN", "PUSH_AES_KEY", "AGENT_ID")
        if values is None:
            return None
        if values["AGENT_ID"] and not (values["AGENT_ID"].isascii() and values["AGENT_ID"].isdigit()):
            self._fault("WECOM_AGENT_ID", "must be the application's number")
            values["AGENT_ID"] = ""
        if values["PUSH_AES_KEY"] and len(values["PUSH_AES_KEY"]) != AES_KEY_LENGTH:
            self._fault("WECOM_PUSH_AES_KEY", f"must have {AES_KEY_LENGTH} characters")
        corp_id, secret, token, aes_key, agent_id = values.values()
        return WeComAccount(corp_id, secret, token, aes_key, int(agent_id or 0))

    def _all_or_none(self, group: str, *names: str) -> dict[str, str] | None:
        """The settings of an optional account; half of one would fail with the first message."""
        values = {name: self._environ.get(f"{PREFIX}{group}_{name}", "") for name in names}
        if not any(values.values()):
            return None
        for name, value in values.items():
            if not value:
                self._fault(f"{group}_{name}", f"is missing beside the other {group} settings")
        return values

    def _wechat_url(self) -> str:
        url = self._environ.get(f"{PREFIX}WECHAT_URL", WECHAT).rstrip("/")
        if self._profile is Profile.PRODUCTION and url != WECHAT:
            self._fault("WECHAT_URL", "points at a simulator, which production refuses")
        return url

    def _template_ids(self) -> Path | None:
        path = self._path("TEMPLATE_IDS")
        if self._profile is Profile.PRODUCTION and path is None:
            self._fault("TEMPLATE_IDS", "is missing: the file with the ids of your message templates")
        return path

    def _documents_url(self) -> str:
        url = self._environ.get(f"{PREFIX}DOCUMENTS_URL", "")
        if url:
            return url
        return MEMORY if self._profile is Profile.TEST else f"file://{Path.cwd() / 'var' / 'documents'}"

    def _public_url(self) -> str | None:
        url = self._environ.get(f"{PREFIX}PUBLIC_URL", "").rstrip("/")
        if url and not url.startswith("https://"):
            self._fault("PUBLIC_URL", "must begin with https://: WeChat fetches pictures below it")
        return url or None

    def _clock_file(self) -> Path | None:
        path = self._path("CLOCK_FILE", must_exist=False)
        if self._profile is Profile.PRODUCTION and path is not None:
            self._fault("CLOCK_FILE", "would set the clock, which production refuses")
        return path

    def _metrics_token(self) -> str:
        token = self._environ.get(f"{PREFIX}METRICS_TOKEN", "")
        if token and len(token) < MINIMUM_SECRET:
            self._fault("METRICS_TOKEN", f"must have at least {MINIMUM_SECRET} characters")
        return token

    def _proxies(self) -> int:
        """How many proxies stand in front; so many last addresses of X-Forwarded-For are believed."""
        written = self._environ.get(f"{PREFIX}TRUSTED_PROXIES") or "0"
        if not written.isdecimal():
            self._fault("TRUSTED_PROXIES", "must be a whole number, 0 or more")
            return 0
        return int(written)

    def _path(self, name: str, *, must_exist: bool = True) -> Path | None:
        value = self._environ.get(PREFIX + name)
        if not value:
            return None
        path = Path(value)
        if must_exist and not path.exists():
            self._fault(name, "names a file or folder that does not exist")
        return path

    def _log_level(self) -> str:
        level = self._environ.get(f"{PREFIX}LOG_LEVEL", "INFO")
        if level not in logging.getLevelNamesMapping():
            self._fault("LOG_LEVEL", "must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
        return level

    def _wish(self, name: str, *, default: bool) -> bool:
        written = self._environ.get(f"{PREFIX}{name}", "yes" if default else "no")
        if written not in {"yes", "no"}:
            self._fault(name, "must be yes or no")
        return written == "yes"

    def _number(self, name: str, default: float, *, lowest: float = 0) -> float:
        value = self._environ.get(PREFIX + name, str(default))
        try:
            number = float(value)
        except ValueError:
            number = -1
        if not 0 < number < math.inf or number < lowest:
            self._fault(name, f"must be a number of at least {lowest:g}" if lowest else "must be above zero")
            return default
        return number
