"""The simulated WeChat as one WSGI app: WeChat's own calls, and the faults injected into them.

Everything under /_sim/ is the control interface (control.py), which no fault touches.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from socket import SHUT_RDWR
from threading import Event
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from app.core import clock
from app.core.accounts import WeChatAccount, WeComAccount
from app.wechat.port import AccountKind
from app.wechat.simulator.chats import LARGEST_PICTURE
from app.wechat.simulator.control import PREFIX, Control, Post, post_over_http
from app.wechat.simulator.faults import STATUSES, Dropped, Failure, Fault, Faults
from app.wechat.simulator.follower_calls import FollowerCalls
from app.wechat.simulator.people import CodeKind, Refused
from app.wechat.simulator.state import State
from app.wechat.simulator.template_calls import TemplateCalls
from app.wechat.simulator.wecom import WeCom

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Answer = dict[str, object]
MINI = AccountKind.MINI_PROGRAM
SERVICE = AccountKind.SERVICE
LARGEST_BODY = 1024 * 1024


class Simulator:
    """WeChat for one mini-program and one service account, perhaps with WeCom; in memory, thread-safe.

    `post` carries the callbacks it pushes. `hold_seconds` is how long a call stays unanswered when a
    time-out is injected and a real connection has to be held open.
    """

    def __init__(
        self,
        mini_program: WeChatAccount,
        service_account: WeChatAccount,
        wecom: WeComAccount | None = None,
        *,
        post: Post = post_over_http,
        hold_seconds: float = 30.0,
    ) -> None:
        accounts: dict[AccountKind, WeChatAccount] = {MINI: mini_program, SERVICE: service_account}
        if wecom is not None:
            accounts[AccountKind.WECOM] = wecom
        self.state = State(accounts)
        self.faults = Faults()
        self.wecom = None if wecom is None else WeCom(wecom, self.state)
        self._control = Control(self.state, self.faults, accounts, post, self.wecom)
        self._hold_seconds = hold_seconds
        # Never set: waiting for it is a pause.
        self._never = Event()
        self._calls: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "sns/jscode2session"): self._login,
            ("POST", "cgi-bin/stable_token"): self._stable_token,
            ("POST", "wxa/business/getuserphonenumber"): self._phone_number,
            ("POST", "cgi-bin/message/subscribe/send"): self._send_subscribe,
            ("POST", "cgi-bin/message/template/send"): self._send_template,
            **FollowerCalls(self.state).calls,
            **TemplateCalls(self.state).calls,
            ("POST", "cgi-bin/message/custom/send"): self._send_custom,
            ("POST", "cgi-bin/message/custom/typing"): lambda request: self._typing(request, SERVICE),
            ("POST", "cgi-bin/message/custom/business/typing"): lambda request: self._typing(request, MINI),
            ("POST", "cgi-bin/media/upload"): self._upload,
            ("POST", "wxa/msg_sec_check"): self._check_text,
            ("POST", "wxa/media_check_async"): self._check_picture,
        }
        if self.wecom is not None:
            self._calls |= self.wecom.calls

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer over a real connection; an injected time-out or reset closes it without an answer."""
        try:
            response = self.answer(Request(environ))
        except Dropped as dropped:
            connection = environ.get("werkzeug.socket")
            if connection is None:
                raise
            if dropped.failure is Failure.TIMEOUT:
                self._never.wait(self._hold_seconds)
            # A client that stopped waiting has closed the connection.
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)
            # The server finds the connection closed when it writes this, and ignores it.
            response = Response(status=500)
        return response(environ, start_response)

    def answer(self, request: Request) -> Response:
        """Answer a request. Raises Dropped when an injected fault leaves it without answer."""
        path = request.path.strip("/")
        if path.startswith(PREFIX):
            return self._control.answer(request, path.removeprefix(PREFIX))
        with self.state.lock:
            self.state.calls[path] += 1
        fault = self.faults.take(path, request)
        if fault is None:
            return self._work(request, path)
        if fault.latency_ms:
            self._never.wait(fault.latency_ms / 1000)
        if fault.after_delivery:
            done = self._work(request, path)
            return _spoilt(fault) or done
        return _spoilt(fault) or self._work(request, path)

    def _work(self, request: Request, path: str) -> Response:
        call = self._calls.get((request.method, path))
        try:
            if (request.method, path) == ("GET", "cgi-bin/media/get"):
                # The one call that answers with a file.
                return self._media(request)
            if call is None:
                return Response("no such call", status=404)
            return _json({"errcode": 0, "errmsg": "ok", **call(request)})
        except Refused as refused:
            return _json({"errcode": refused.errcode, "errmsg": refused.errmsg})

    def _login(self, request: Request) -> Answer:
        query = request.args
        if self.state.account_of(query.get("appid"), query.get("secret")) is not MINI:
            raise Refused(40013, "invalid appid")
        if query.get("grant_type") != "authorization_code":
            raise Refused(40002, "invalid grant_type")
        with self.state.lock:
            user = self.state.people.redeem(CodeKind.LOGIN, query.get("js_code"))
        answer: Answer = {"openid": user.openid, "session_key": "c2ltdWxhdGVkLXNlc3Npb24ta2V5"}
        return answer | ({"unionid": user.unionid} if user.unionid else {})

    def _stable_token(self, request: Request) -> Answer:
        body = _body(request)
        if body.get("grant_type") != "client_credential":
            raise Refused(40002, "invalid grant_type")
        for key, errcode in (("appid", 41002), ("secret", 41004)):
            if not body.get(key):
                raise Refused(errcode, f"{key} missing")
        kind = self.state.account_of(body.get("appid"), body.get("secret"))
        token, lifetime = self.state.stable_token(kind, force=body.get("force_refresh") is True)
        return {"access_token": token, "expires_in": lifetime}

    def _phone_number(self, request: Request) -> Answer:
        self._check_token(request, MINI)
        with self.state.lock:
            code = _body(request).get("code")
            user = self.state.people.redeem(CodeKind.PHONE, code)
            tapped_at = self.state.people.made_at(code)
        if user.phone is None:
            raise Refused(40029, "invalid code")
        home = user.country_code == "86"
        return {
            "phone_info": {
                "phoneNumber": user.phone if home else f"+{user.country_code}{user.phone}",
                "purePhoneNumber": user.phone,
                "countryCode": user.country_code,
                "watermark": {"timestamp": int(tapped_at.timestamp()), "appid": "wx-simulated"},
            }
        }

    def _send_subscribe(self, request: Request) -> Answer:
        self._check_token(request, MINI)
        body = _body(request)
        return {
            "msgid": self.state.send_subscribe(
                _text(body, "touser") or "",
                _text(body, "template_id") or "",
                body.get("data"),
                _text(body, "page"),
            )
        }

    def _send_template(self, request: Request) -> Answer:
        self._check_token(request, SERVICE)
        body = _body(request)
        return {
            "msgid": self.state.send_template(
                _text(body, "touser") or "",
                _text(body, "template_id") or "",
                body.get("data"),
                url=_text(body, "url"),
                page=self._mini_program_page(body.get("miniprogram")),
                client_msg_id=_text(body, "client_msg_id"),
            )
        }

    def _mini_program_page(self, link: object) -> str | None:
        if link is None:
            return None
        if not isinstance(link, Mapping):
            raise Refused(47001, "data format error")
        if link.get("appid") != self._control.accounts[MINI].appid:
            raise Refused(40166, "invalid weapp appid")
        page = _text(link, "pagepath")
        if page is not None and (page.startswith("/") or "://" in page):
            raise Refused(40165, "invalid weapp pagepath")
        return page

    def _send_custom(self, request: Request) -> Answer:
        kind, body = self._kind(request), _body(request)
        openid, msgtype = _text(body, "touser") or "", body.get("msgtype")
        said = body.get(msgtype) if msgtype in ("text", "image") else None
        if not isinstance(said, Mapping):
            raise Refused(40008, "invalid message type")
        content = said.get("content" if msgtype == "text" else "media_id")
        if not isinstance(content, str) or not content:
            raise Refused(44004, "empty content")
        with self.state.lock:
            chats = self.state.chats
            if msgtype == "text":
                chats.send(kind, openid, content)
            else:
                chats.send(kind, openid, "", chats.media(kind, content))
        return {}

    def _upload(self, request: Request) -> Answer:
        kind, file = self._kind(request), request.files.get("media")
        if request.args.get("type") != "image" or file is None:
            raise Refused(40004, "invalid media type")
        content = file.read()
        if not 0 < len(content) <= LARGEST_PICTURE:
            raise Refused(40009, "invalid image size")
        with self.state.lock:
            media_id = self.state.chats.keep(kind, content, file.mimetype)
        return {"type": "image", "media_id": media_id, "created_at": int(clock.now().timestamp())}

    def _media(self, request: Request) -> Response:
        kind = self._kind(request)
        with self.state.lock:
            found = self.state.chats.media(kind, request.args.get("media_id", ""))
        return Response(found.content, mimetype=found.media_type)

    def _typing(self, request: Request, kind: AccountKind) -> Answer:
        """Each kind of account has its own path."""
        self._check_token(request, kind)
        body = _body(request)
        if body.get("command") not in ("Typing", "CancelTyping"):
            raise Refused(45072, "invalid command")
        with self.state.lock:
            self.state.chats.typing(kind, _text(body, "touser") or "")
        return {}

    def _check_text(self, request: Request) -> Answer:
        self._check_token(request, MINI)
        body = _body(request)
        with self.state.lock:
            suggest = self.state.chats.check_text(body, known=self.state.people.users)
        return {"result": {"suggest": suggest, "label": 100}, "trace_id": "simulated-text"}

    def _check_picture(self, request: Request) -> Answer:
        self._check_token(request, MINI)
        with self.state.lock:
            return {"trace_id": self.state.chats.check_picture(_body(request), known=self.state.people.users)}

    def _kind(self, request: Request) -> AccountKind:
        """The account that a token was given to; both have a chat. Raises Refused."""
        return self.state.account_of_token(request.args.get("access_token", ""))

    def _check_token(self, request: Request, kind: AccountKind) -> None:
        self.state.check_token(request.args.get("access_token", ""), kind)


def _spoilt(fault: Fault) -> Response | None:
    if fault.errcode is not None:
        return _json({"errcode": fault.errcode, "errmsg": "injected fault"})
    if fault.failure in STATUSES:
        return Response("injected fault", status=STATUSES[fault.failure])
    if fault.failure is Failure.FOREIGN:
        return _json({"message": "maintenance"})
    if fault.failure is not None:
        raise Dropped(fault.failure)
    return None


def _body(request: Request) -> dict[str, object]:
    try:
        body = json.loads(request.get_data()[:LARGEST_BODY])
    except ValueError as error:
        raise Refused(47001, "data format error") from error
    if not isinstance(body, dict):
        raise Refused(47001, "data format error")
    return body


def _text(body: Mapping[str, object], key: str) -> str | None:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise Refused(47001, "data format error")
    return value


def _json(document: Mapping[str, object]) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), mimetype="application/json")
