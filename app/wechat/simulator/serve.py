"""`python -m app.wechat.simulator.serve --port P`: the simulator on loopback, for demo and trials.

It reads the same STEWARD_… variables as the product (the two accounts' keys, the clock file), so that
the two agree, and refuses to start where the product would not run against a simulator.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from app.core import clock
from app.core.settings import Settings, SettingsError
from app.wechat.simulator.app import Simulator

log = logging.getLogger(__name__)
HOST = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Logs no request: the access token and the AppSecret stand in their queries."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped. Prints the address as its first line (of use with --port 0)."""
    parser = argparse.ArgumentParser(prog="app.wechat.simulator.serve", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0 takes any free port")
    parser.add_argument("--clock-file", type=Path, help="the instant that demo and test share")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        parser.error(str(error))
    if not settings.simulated:
        parser.error("the simulator is for demo and test settings")
    clock_file = options.clock_file or settings.clock_file
    if clock_file is not None:
        clock.use(clock.FileClock(clock_file))
    simulator = Simulator(settings.miniprogram, settings.service_account, settings.wecom)
    server = make_server(HOST, options.port, simulator, threaded=True, request_handler=QuietHandler)
    sys.stdout.write(f"http://{HOST}:{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        log.info("simulator stopped")
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
