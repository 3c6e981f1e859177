"""The one composition root: reads settings, wires everything, starts no thread."""

import os
from datetime import timedelta

from requests.adapters import BaseAdapter
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core import clock, crypto, logs, objectstore, prepared_query
from app.core.accounts import WeComAccount
from app.core.db import READS, db, engine_options, prepare_engine, reads_options
from app.core.settings import WECHAT, WECOM, Profile, Settings
from app.domain.city_folder import city_folder
from app.services.conversations import cards
from app.services.documents.document_access import LinkSigner
from app.services.installation import calendar_versions, city
from app.services.people.sessions import TokenSigner
from app.wechat.client import WeChatMiniProgram, WeChatServiceAccount
from app.wechat.port import AccountKind, Accounts, WorkMessenger
from app.wechat.push import PushReceiver
from app.wechat.shared_tokens import SharedTokenStore
from app.wechat.simulator.adapter import InProcessAdapter
from app.wechat.simulator.app import Simulator
from app.wechat.simulator.desk import Desk
from miniprogram_api import openapi, problems, registration
from miniprogram_api.flask_app import StewardApp
from notifications import wiring
from notifications.channels.sms_carrier import NullSms
from notifications.channels.tencent_sms import TencentSms
from notifications.wording import catalog
from notifications.wording.kinds import Channel

IN_PROCESS = "http://simulator.invalid"


def create_app(settings: Settings | None = None) -> StewardApp:
    """The application on `settings`, or on the environment's. Raises `SettingsError` and `ConfigError`."""
    settings = settings or Settings.from_environment(os.environ)
    app = StewardApp(
        __name__,
        title="水管家 API",
        version="1.0.0",
        spec_path=None,
        docs_path=None,
        # Else Flask serves a folder at an address that no guard stands before. APIFlask says str and
        # hands it on to Flask, which takes None.
        static_folder=None,  # type: ignore[arg-type]
    )
    return _wired(app, settings)


def install(app: StewardApp, settings: Settings) -> None:
    """Let this process serve the city of `settings`, and `app` ask WeChat by clients of its own.

    An application does so by itself when it is made. It is public for whoever makes several of them in one
    process and goes back to an earlier one, as the test suite does: the city, its messages and the keys are
    the process's, and those of the last one installed. Raises `ConfigError`.
    """
    app.extensions["steward.settings"] = settings
    _ready_core(settings)
    folder = settings.city_folder or city_folder(os.environ)
    city.install(city.read(folder))
    cards.wire()
    absent = frozenset({Channel.WECOM}) if settings.wecom is None else frozenset()
    wiring.wire(folder, settings.template_ids, simulated=settings.simulated, without=absent)
    _ready_wechat(app, settings)


def _wired(app: StewardApp, settings: Settings) -> StewardApp:
    _ready_database(app, settings)
    install(app, settings)
    app.extensions["steward.signer"] = TokenSigner(
        settings.secret_key,
        timedelta(hours=settings.session_hours),
        timedelta(hours=settings.session_idle_hours),
    )
    app.extensions["steward.links"] = LinkSigner(settings.secret_key)
    openapi.configure(app)
    problems.register(app)
    registration.register_blueprints(app)
    if settings.trusted_proxies:
        # Else everybody would seem to come from the proxy, and share one allowance of tries.
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def _ready_core(settings: Settings) -> None:
    # The test suite reads its own logs through pytest's capture.
    if settings.profile is not Profile.TEST:
        logs.configure(settings.log_level)
    logs.hide(settings.miniprogram.secret, settings.service_account.secret)
    for optional in (settings.sms and settings.sms.secret_key, settings.wecom and settings.wecom.secret):
        if optional:
            logs.hide(optional)
    crypto.install(settings.data_keys, settings.hash_key)
    objectstore.install(settings.documents_url)
    if settings.clock_file is not None:
        clock.use(clock.FileClock(settings.clock_file))


def _ready_database(app: StewardApp, settings: Settings) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    app.config["SQLALCHEMY_BINDS"] = {READS: reads_options(settings.database_url)}
    db.init_app(app)
    calendar_versions.attach()
    with app.app_context():
        prepare_engine(db.engine)
        prepared_query.close_with(db.engine)


def _ready_wechat(app: StewardApp, settings: Settings) -> None:
    adapter: BaseAdapter | None = None
    url = settings.wechat_url
    if settings.simulated and url == WECHAT:
        # Without an address of a simulator, one inside this process: a test must never reach WeChat.
        simulator = Simulator(settings.miniprogram, settings.service_account, settings.wecom)
        app.extensions["steward.simulator"] = simulator
        adapter, url = InProcessAdapter(simulator), IN_PROCESS
    with app.app_context():
        engine = db.engine
    tokens = SharedTokenStore(engine)
    app.extensions["steward.wechat"] = Accounts(
        miniprogram=WeChatMiniProgram(settings.miniprogram, tokens, base_url=url, adapter=adapter),
        service=WeChatServiceAccount(
            settings.service_account,
            tokens,
            miniprogram_appid=settings.miniprogram.appid,
            base_url=url,
            adapter=adapter,
        ),
        work=None if settings.wecom is None else _messenger(settings.wecom, tokens, url, adapter),
    )
    # The simulator has no phones for text messages, so nothing of a trial may leave by a real carrier.
    carrier = settings.sms if not settings.simulated else None
    app.extensions["steward.sms"] = NullSms() if carrier is None else TencentSms(carrier)
    app.extensions["steward.receivers"] = {
        AccountKind.MINI_PROGRAM: PushReceiver(AccountKind.MINI_PROGRAM, settings.miniprogram),
        AccountKind.SERVICE: PushReceiver(AccountKind.SERVICE, settings.service_account),
    }
    if settings.wecom is not None:
        from app.wechat.wecom.push import WeComPushReceiver

        app.extensions["steward.receivers"][AccountKind.WECOM] = WeComPushReceiver(settings.wecom)
    if settings.simulated:
        desk = Desk(url, adapter)
        app.extensions["steward.desk"] = desk
        if adapter is not None:
            for template in catalog.current().declared():
                desk.ask("POST", "templates", template)


def _messenger(
    account: WeComAccount, tokens: SharedTokenStore, wechat_url: str, adapter: BaseAdapter | None
) -> WorkMessenger:
    # Imported only where it is used: most installations have none.
    from app.wechat.wecom.client import WeComMessenger

    # The simulator of WeChat is that of WeCom, too.
    url = WECOM if wechat_url == WECHAT else wechat_url
    return WeComMessenger(account, tokens, base_url=url, adapter=adapter)
