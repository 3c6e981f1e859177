"""One account's connection to WeChat: wechatpy's client with our own tokens, time-outs and errors.

wechatpy 1.8.18 fetches tokens without time-out or lock from `cgi-bin/token` (each fetch of which
invalidates the last one), retries a refused token by calling itself without bound, and lets transport
errors out whose text holds the AppSecret. None of these paths is used here.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

import orjson
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.filepost import encode_multipart_formdata
from wechatpy.exceptions import WeChatClientException

from app.core import clock
from app.core.accounts import WeChatAccount
from app.wechat import errcodes
from app.wechat.keepalive import KeepAliveSession
from app.wechat.port import FaultKind, WeChatError
from app.wechat.secrecy import guard_http_log, scrub
from app.wechat.token_store import AccessToken, TokenStore
from app.wechat.transport import refused_answer, transport_fault

log = logging.getLogger(__name__)

# stable_token hands out the next token in the last five minutes of the present one, and both work meanwhile.
REFRESH_AHEAD = timedelta(minutes=4)
LOOPBACK = ("127.0.0.1", "::1", "localhost")

T = TypeVar("T")


class AccountCalls(ABC):
    """Calls one account's API with a bounded wait and at most one renewal of the token.

    To be inherited beside one of wechatpy's clients, before it. `codes` is the table of the account's error
    codes.

    `timeout` is (connect, read) in seconds and holds for every call. All threads share the gateway;
    keep one for each account and process, since wechatpy's clients are reference cycles. `adapter`
    replaces the HTTP transport for `base_url`, which is how a simulator inside the process is reached. Where
    the machine's settings name a proxy for it, `requests` goes through that one; else connections are direct
    and kept.
    """

    appid: str
    secret: str
    codes: ClassVar[Path] = errcodes.TABLE
    _request: Callable[..., Any]

    def __init__(
        self,
        account: WeChatAccount,
        tokens: TokenStore,
        *,
        base_url: str,
        timeout: tuple[float, float],
        pool_size: int,
        adapter: BaseAdapter | None = None,
    ) -> None:
        super().__init__(account.appid, account.secret, timeout=timeout, auto_retry=False)  # type: ignore[call-arg]
        self._base_url = base_url.rstrip("/")
        self.API_BASE_URL = f"{self._base_url}/cgi-bin/"
        self._tokens = tokens
        self._http = self._session(adapter, pool_size)
        guard_http_log()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.appid}>"

    def _session(self, adapter: BaseAdapter | None, pool_size: int) -> requests.Session | KeepAliveSession:
        if adapter is None and not self._proxied():
            return KeepAliveSession(self._base_url, pool_size)
        session = requests.Session()
        for prefix in ("https://", "http://"):
            session.mount(prefix, HTTPAdapter(pool_connections=1, pool_maxsize=pool_size))
        if adapter is not None:
            session.mount(self._base_url, adapter)
        return session

    def _proxied(self) -> bool:
        # A proxy that the machine uses for the world must not be asked for a simulator on the machine itself.
        if urlsplit(self._base_url).hostname in LOOPBACK:
            return False
        return bool(get_environ_proxies(self._base_url))

    def keep_token_fresh(self) -> None:
        """Fetch the first token, or the next one when the present nears its end. Raises WeChatError."""
        self._token(refused=None)

    @property
    def access_token(self) -> str:
        """A token that WeChat should take now. Raises WeChatError when none can be had."""
        return self._token(refused=None)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        authorised: bool = True,
        repeatable: bool = False,
        proof: str = "msgid",
        hide: str = "",
    ) -> dict[str, Any]:
        """Call `path` (below the base URL) and return WeChat's answer, a JSON object that says success.

        That is one with errcode 0 or, where the call answers without an errcode, with the key `proof`.
        `authorised` calls carry the access token, renewed once if WeChat refuses it. A `repeatable`
        call changes nothing at WeChat, so a lost answer counts as transient. `hide` is one more secret
        to keep out of texts. Raises WeChatError.
        """
        sent = None if body is None else _Sent(_encoded(body), "application/json")

        def ask(token: str | None) -> dict[str, Any]:
            answer = self._once(method, path, query, sent, token, repeatable, hide)
            return _success(answer, proof, repeatable)

        return ask(None) if not authorised else self._with_token(ask)

    def fetch(self, path: str, *, query: Mapping[str, str]) -> bytes:
        """The file that `path` answers with, and not a JSON document, which says what is wrong.

        Raises WeChatError.
        """

        def ask(token: str | None) -> bytes:
            answer = self._once("get", path, query, None, token, repeatable=True, hide="")
            if isinstance(answer, dict) and "video_url" in answer:
                # Of a video WeChat tells an address, however often it is asked.
                raise WeChatError(None, "the answer names a video and is no file", FaultKind.CONTENT)
            # wechatpy gives back the answer itself when it is no JSON.
            content = getattr(answer, "content", None)
            # Nothing that people send in a chat begins like the page of a proxy or of a maintenance.
            if not isinstance(content, bytes) or not content or content.lstrip().startswith(b"<"):
                raise WeChatError(None, "the answer is no file", FaultKind.TRANSIENT)
            return content

        return self._with_token(ask)

    def upload(
        self, path: str, *, query: Mapping[str, str], name: str, media_type: str, content: bytes
    ) -> str:
        """Hand over a file as the form field `media`; the media id that it gets. Raises WeChatError."""
        form, form_type = encode_multipart_formdata({"media": (name, content, media_type)})

        def ask(token: str | None) -> str:
            # A file that was uploaded twice does no harm.
            sent = _Sent(form, form_type)
            answer = self._once("post", path, query, sent, token, repeatable=True, hide="")
            media_id = _success(answer, "media_id", repeatable=True).get("media_id")
            if not isinstance(media_id, str) or not media_id:
                raise WeChatError(None, f"{path}'s answer lacks media_id", FaultKind.TRANSIENT)
            return media_id

        return self._with_token(ask)

    def _with_token(self, ask: Callable[[str | None], T]) -> T:
        """What `ask` gives for the access token, renewed once if WeChat refuses it. Raises WeChatError."""
        token = self._token(refused=None)
        try:
            return ask(token)
        except WeChatError as error:
            if error.kind is not FaultKind.TOKEN:
                raise
        log.info("WeChat refused the access token of %s; renewing it once", self.appid)
        return ask(self._token(refused=token))

    @abstractmethod
    def fetch_access_token(self, *, force: bool = False) -> AccessToken:
        """Ask for a token; `force` replaces one that is still valid, if it can be. Raises WeChatError."""

    def _token(self, *, refused: str | None) -> str:
        """A usable token other than `refused`; one thread fetches, others wait or use the old one."""
        kept = self._kept(refused)
        if kept is not None:
            return kept.value if _fresh(kept) else self._renewed_ahead(kept)
        with self._tokens.refreshing(self.appid, wait=True):
            kept = self._kept(refused)
            return kept.value if kept is not None else self._renew(refused).value

    def _renewed_ahead(self, kept: AccessToken) -> str:
        with self._tokens.refreshing(self.appid, wait=False) as mine:
            if not mine:
                return kept.value
            newer = self._kept(None)
            if newer is not None and _fresh(newer):
                return newer.value
            try:
                return self._renew(None).value
            except WeChatError as error:
                log.warning("access token of %s was not renewed ahead of its expiry: %s", self.appid, error)
                return kept.value

    def _kept(self, refused: str | None) -> AccessToken | None:
        kept = self._tokens.get(self.appid)
        if kept is None or kept.value == refused or kept.expires_at <= clock.now():
            return None
        return kept

    def _renew(self, refused: str | None) -> AccessToken:
        token = self.fetch_access_token()
        if token.value == refused and self._tokens.claim_forced_renewal(self.appid):
            try:
                token = self.fetch_access_token(force=True)
            except WeChatError as error:
                # The quota of forced renewals may be used up by somebody else; there is a token all the same.
                log.warning("access token of %s was not renewed by force: %s", self.appid, error)
        self._tokens.set(self.appid, token)
        return token

    def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        sent: "_Sent | None",
        token: str | None,
        repeatable: bool,
        hide: str,
    ) -> Any:
        """One request; its JSON value, or wechatpy's answer object when it is no JSON. Raises WeChatError."""

        def request() -> Any:
            return self._request(
                method,
                f"{self._base_url}/{path}",
                # wechatpy adds a token of its own unless the key is there; requests leaves a None out.
                params={**(query or {}), "access_token": token},
                data=None if sent is None else sent.data,
                headers={} if sent is None else {"Content-Type": sent.media_type},
                allow_redirects=False,
            )

        return self._guarded(path, request, token, repeatable, hide)

    def _guarded(
        self, path: str, request: Callable[[], Any], token: str | None, repeatable: bool, hide: str
    ) -> Any:
        """What `request` gives; whatever goes wrong in wechatpy or below it is a `WeChatError`."""
        try:
            return request()
        except WeChatClientException as error:
            fault = refused_answer(error, self.codes, path)
        except requests.RequestException as error:
            fault = transport_fault(error)
        except (TypeError, ValueError):
            fault = WeChatError(None, "the answer's errcode is no number", FaultKind.UNKNOWN_OUTCOME)
        kind = _settled(fault.kind, repeatable)
        # Raised out here and not where it was caught: a chained cause would carry the secrets along.
        raise WeChatError(fault.errcode, scrub(fault.message, self.secret, token or "", hide), kind)


@dataclass(frozen=True, slots=True)
class _Sent:
    """The body of a request."""

    data: bytes
    media_type: str


def _success(answer: object, proof: str, repeatable: bool) -> dict[str, Any]:
    """The answer if it says success; any other may come from a proxy, or from WeChat while it is repaired."""
    if isinstance(answer, dict) and (answer.get("errcode") == 0 or answer.get(proof)):
        return answer
    kind = _settled(FaultKind.UNKNOWN_OUTCOME, repeatable)
    what = "neither confirms nor refuses" if isinstance(answer, dict) else "is no JSON object"
    raise WeChatError(None, f"the answer {what}", kind)


def _settled(kind: FaultKind, repeatable: bool) -> FaultKind:
    return FaultKind.TRANSIENT if repeatable and kind is FaultKind.UNKNOWN_OUTCOME else kind


def _fresh(token: AccessToken) -> bool:
    return token.expires_at - REFRESH_AHEAD > clock.now()


def _encoded(body: Mapping[str, object]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:
        message = "a text holds half a character (lone surrogate)"
    raise WeChatError(None, message, FaultKind.CONTENT)
