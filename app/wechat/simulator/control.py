"""The simulator's control interface, /_sim/…: what a phone would do, and what a tester wants to see.

GET messages?after=SEQ · GET state · GET chats?after=SEQ · GET checks ·
POST chats {account, openid, act: wrote|entered} · POST media {account, media_type, content: base64} ·
POST codes {user: {openid?, unionid?, phone?, country_code?}} ·
POST templates {account, template_id, title, fields: {key: label}, listed?: {key: [value]}, long_term?} · POST
consents {openid, template_id, count?} · POST followers {openid?, unionid?, subscribed?} · GET, POST,
DELETE faults (see faults.py) · DELETE tokens · POST push {account, url, payload or raw, form?: xml|json} ·
(raw: the document inside, word for word, as WeChat passes on what a keyboard makes) ·
POST check {account, url} · POST reset · of WeCom, POST members {member_id, phone?, visible?} and GET
cards. Answers are JSON; 400 with {"error": …} says what is wrong with a request.
"""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict
from urllib.parse import urlsplit

import requests
from werkzeug.wrappers import Request, Response

from app.core import clock
from app.core.accounts import WeChatAccount
from app.wechat.port import AccountKind
from app.wechat.push import SealedPush, check_query, seal, sealed_check
from app.wechat.simulator.chats import ChatAct
from app.wechat.simulator.faults import Faults, fault_of
from app.wechat.simulator.people import CodeKind
from app.wechat.simulator.state import State, Template
from app.wechat.simulator.wecom import WeCom

PREFIX = "_sim/"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# WeChat waits five seconds for an answer to a callback.
CALLBACK_TIMEOUT = (3.0, 5.0)
SHOWN_ANSWER = 1000

Document = Mapping[str, object]
Post = Callable[[str, str, SealedPush], tuple[int, str]]
"""(method, url, request) -> (HTTP status, text of the answer)."""


def post_over_http(method: str, url: str, push: SealedPush) -> tuple[int, str]:
    """Carry a callback to the server under trial, which must be on this machine."""
    with requests.Session() as session:
        # A proxy that the machine uses for the world has no business here.
        session.trust_env = False
        response = session.request(
            method,
            url,
            params=dict(push.query),
            data=push.body,
            headers={"Content-Type": push.content_type},
            timeout=CALLBACK_TIMEOUT,
            allow_redirects=False,
        )
    return response.status_code, response.text[:SHOWN_ANSWER]


class Control:
    """Routes the control interface to the state."""

    def __init__(
        self,
        state: State,
        faults: Faults,
        accounts: Mapping[AccountKind, WeChatAccount],
        post: Post,
        wecom: WeCom | None = None,
    ) -> None:
        self.accounts = accounts
        self._wecom = wecom
        self._state = state
        self._faults = faults
        self._post = post
        self._routes: dict[tuple[str, str], Callable[[Request], object]] = {
            ("GET", "messages"): self._messages,
            ("GET", "state"): lambda _request: state.counts(),
            ("GET", "chats"): self._chats,
            ("GET", "checks"): self._checks,
            ("POST", "chats"): self._chat,
            ("POST", "media"): self._media,
            ("GET", "faults"): lambda _request: faults.listed(),
            ("POST", "codes"): self._codes,
            ("POST", "templates"): self._templates,
            ("POST", "consents"): self._consents,
            ("POST", "followers"): self._followers,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("DELETE", "tokens"): self._drop_tokens,
            ("POST", "push"): self._push,
            ("POST", "check"): self._check,
            ("POST", "reset"): self._reset,
        }
        if wecom is not None:
            self._routes |= {
                ("POST", "members"): lambda request: wecom.join_asked(_document(request)),
                ("GET", "cards"): lambda _request: wecom.shown(),
            }

    def answer(self, request: Request, path: str) -> Response:
        """Answer a request to /_sim/`path`."""
        route = self._routes.get((request.method, path))
        if route is None:
            return _answer({"error": "no such control"}, 404)
        try:
            return _answer(route(request), 200)
        except ValueError as error:
            return _answer({"error": str(error)}, 400)
        except requests.RequestException as error:
            return _answer({"error": f"the callback was not answered: {error}"}, 502)

    def _messages(self, request: Request) -> object:
        after = int(request.args.get("after", "0"))
        return [message.as_json() for message in self._state.messages(after)]

    def _chats(self, request: Request) -> object:
        after = int(request.args.get("after", "0"))
        with self._state.lock:
            return [said.as_json() for said in self._state.chats.said[max(after, 0) :]]

    def _checks(self, _request: Request) -> object:
        with self._state.lock:
            return [asdict(check) for check in self._state.chats.checks]

    def _chat(self, request: Request) -> object:
        """A person writes to an account, or enters its chat, without a callback to the product."""
        document = _document(request)
        act = ChatAct(_text(document, "act"))
        with self._state.lock:
            self._state.chats.act(_account(document), _text(document, "openid"), act)
        return {}

    def _media(self, request: Request) -> object:
        """A file that a person sends in a chat; the id by which the account fetches it."""
        document = _document(request)
        content = base64.b64decode(_text(document, "content"), validate=True)
        with self._state.lock:
            kept = self._state.chats.keep(_account(document), content, _text(document, "media_type"))
        return {"media_id": kept}

    def _codes(self, request: Request) -> object:
        wanted = _document(request).get("user", {})
        if not isinstance(wanted, dict) or set(wanted) - {"openid", "unionid", "phone", "country_code"}:
            raise ValueError("user: an object of openid, unionid, phone, country_code")
        with self._state.lock:
            people = self._state.people
            user = people.user(**wanted)
            return {
                "openid": user.openid,
                "unionid": user.unionid,
                "login_code": people.new_code(CodeKind.LOGIN, user.openid),
                "phone_code": people.new_code(CodeKind.PHONE, user.openid) if user.phone else None,
            }

    def _templates(self, request: Request) -> object:
        document = _document(request)
        fields, listed = document.get("fields"), document.get("listed", {})
        if not isinstance(fields, dict) or not isinstance(listed, dict):
            raise ValueError("fields and listed: objects")
        if not all(isinstance(values, list) for values in listed.values()):
            raise ValueError("listed: an array for each key")
        template = Template(
            account=_account(document),
            template_id=_text(document, "template_id"),
            title=_text(document, "title"),
            fields={str(key): str(label) for key, label in fields.items()},
            listed={str(key): tuple(map(str, values)) for key, values in listed.items()},
            long_term=document.get("long_term") is True,
        )
        self._state.register(template)
        return {"template_id": template.template_id}

    def _consents(self, request: Request) -> object:
        document = _document(request)
        count = document.get("count", 1)
        if not isinstance(count, int) or count < 0:
            raise ValueError("count: a whole number from 0")
        openid, template_id = _text(document, "openid"), _text(document, "template_id")
        return {"open": self._state.consent(openid, template_id, count)}

    def _followers(self, request: Request) -> object:
        document = _document(request)
        openid, unionid = document.get("openid"), document.get("unionid")
        with self._state.lock:
            record = self._state.people.follow(
                _text(document, "openid") if openid is not None else None,
                _text(document, "unionid") if unionid is not None else None,
                document.get("subscribed", True) is True,
            )
        return {"openid": record.openid, "unionid": record.unionid, "subscribed": record.subscribed}

    def _add_fault(self, request: Request) -> object:
        self._faults.add(fault_of(_document(request)))
        return self._faults.listed()

    def _clear_faults(self, _request: Request) -> object:
        self._faults.clear()
        return []

    def _drop_tokens(self, _request: Request) -> object:
        for kind in self.accounts:
            self._state.drop_tokens(kind)
        return {}

    def _push(self, request: Request) -> object:
        document = _document(request)
        payload, form = document.get("payload"), document.get("form", "xml")
        raw, kind = document.get("raw"), _account(document)
        if form not in ("xml", "json"):
            raise ValueError("form: xml or json")
        if isinstance(raw, str):
            push = seal(
                self.accounts[kind], raw, as_json=form == "json", now=clock.now(), nonce=secrets.token_hex(8)
            )
            return self._carried("POST", document, push)
        if not isinstance(payload, dict):
            raise ValueError("payload: an object")
        if kind is not AccountKind.MINI_PROGRAM and form == "json":
            raise ValueError("form: only a mini-program is pushed JSON")
        self._open_window(kind, payload)
        now = clock.now()
        whole = {"ToUserName": "gh_simulated", "CreateTime": str(int(now.timestamp())), **payload}
        push = seal(self.accounts[kind], whole, as_json=form == "json", now=now, nonce=secrets.token_hex(8))
        return self._carried("POST", document, push)

    def _open_window(self, kind: AccountKind, payload: Document) -> None:
        """What a person writes, or their entering the chat, lets the account answer for a while."""
        if kind is AccountKind.WECOM:
            return
        openid, entered = payload.get("FromUserName"), payload.get("Event") == "user_enter_tempsession"
        if isinstance(openid, str) and (entered or payload.get("MsgType") != "event"):
            with self._state.lock:
                self._state.chats.act(kind, openid, ChatAct.ENTERED if entered else ChatAct.WROTE)

    def _check(self, request: Request) -> object:
        document = _document(request)
        kind, now, nonce, word = _account(document), clock.now(), secrets.token_hex(8), secrets.token_hex(8)
        if kind is AccountKind.WECOM:
            query = sealed_check(self.accounts[kind], now=now, nonce=nonce, echostr=word)
        else:
            query = check_query(self.accounts[kind], now=now, nonce=nonce, echostr=word)
        answer = self._carried("GET", document, SealedPush(query, b"", "text/plain"))
        return {**answer, "echostr": word}

    def _carried(self, method: str, document: Document, push: SealedPush) -> dict[str, object]:
        url = _text(document, "url")
        if urlsplit(url).hostname not in LOOPBACK:
            raise ValueError("url: the simulator speaks to this machine only")
        status, text = self._post(method, url, push)
        return {"status": status, "body": text}

    def _reset(self, _request: Request) -> object:
        self._state.reset()
        self._faults.clear()
        if self._wecom is not None:
            self._wecom.reset()
        return {}


def _document(request: Request) -> dict[str, object]:
    document = json.loads(request.get_data())
    if not isinstance(document, dict):
        raise ValueError("the body is no JSON object")
    return document


def _account(document: Document) -> AccountKind:
    return AccountKind(_text(document, "account"))


def _text(document: Document, key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key}: a text")
    return value


def _answer(document: object, status: int) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), status=status, mimetype="application/json")
