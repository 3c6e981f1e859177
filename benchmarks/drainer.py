"""Jobs that only send: `python -m benchmarks.drainer DATABASE WECHAT`; begins at a line of input."""

import sys

from app.core import clock
from app.core.settings import Settings
from app.factory import create_app
from notifications.dispatch import dispatcher


def main(database_url: str, wechat_url: str) -> None:
    """Drain the outbox once, and say how many were accepted."""
    app = create_app(Settings.for_tests(database_url, wechat_url=wechat_url))
    clock.use(clock.SystemClock())
    wechat = app.extensions["steward.wechat"]
    with app.app_context():
        wechat.service.keep_token_fresh()
        print("ready", flush=True)
        sys.stdin.readline()
        print(dispatcher.drain(wechat).accepted, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
