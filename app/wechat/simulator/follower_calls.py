"""What the service account may ask about its followers."""

import json
from collections.abc import Callable, Mapping

from werkzeug.wrappers import Request

from app.wechat.port import AccountKind
from app.wechat.simulator.people import Refused
from app.wechat.simulator.state import State

Answer = dict[str, object]


class FollowerCalls:
    """The calls below cgi-bin/user, by method and path. Thread-safe as `State` is."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.calls: Mapping[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "cgi-bin/user/info"): self._info,
            ("GET", "cgi-bin/user/get"): self._page,
            ("POST", "cgi-bin/user/info/batchget"): self._batch,
        }

    def _info(self, request: Request) -> Answer:
        self._check(request)
        with self._state.lock:
            return self._state.people.follower_info(request.args.get("openid"))

    def _page(self, request: Request) -> Answer:
        self._check(request)
        with self._state.lock:
            return self._state.people.follower_list(request.args.get("next_openid"))

    def _batch(self, request: Request) -> Answer:
        self._check(request)
        try:
            asked = json.loads(request.get_data())["user_list"]
            openids = [each.get("openid") for each in asked]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Refused(47001, "data format error") from error
        with self._state.lock:
            return self._state.people.follower_batch(openids)

    def _check(self, request: Request) -> None:
        self._state.check_token(request.args.get("access_token", ""), AccountKind.SERVICE)
