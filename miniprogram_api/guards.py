"""Guards: who may call a blueprint. Each blueprint is registered with one of them (registration.py)."""

import hmac
from collections.abc import Callable

from flask import Flask, current_app, g, request

from app.core import signing
from app.core.atomic import atomic
from app.core.settings import Settings
from app.domain.errors import NotAllowedError, NotFoundError, NotSignedInError
from app.services.partners import request_signatures
from app.services.partners.request_signatures import Capability, PartnerIdentity, SignedRequest
from app.services.people import sessions
from app.services.people.sessions import Audience, Identity, TokenSigner
from app.services.people.staffing import Colleague, active_staff

Guard = Callable[[], None]


def anyone() -> None:
    """Public: login, guide, case look-up, health checks."""


def docs_reader() -> None:
    """Whoever may read the description of the API: in production nobody, unless the settings wish for it.

    Raises `NotFoundError`.
    """
    settings: Settings = current_app.extensions["steward.settings"]
    if not settings.docs_open:
        raise NotFoundError


def signed_by_wechat() -> None:
    """Checks nothing: the view itself verifies WeChat's signature of the request."""


def link_holder() -> None:
    """Checks nothing: the view itself checks the signature and expiry of the address."""


def customer() -> None:
    """A customer's token. Raises `NotSignedInError`; a staff token is `NotAllowedError`."""
    g.identity = _identify(Audience.CUSTOMER)


def staff() -> None:
    """The token of an active member of staff. Raises `NotSignedInError`, `NotAllowedError`."""
    g.identity = _identify(Audience.STAFF)
    member = active_staff(g.identity.subject_id)
    if member is None:
        raise NotSignedInError
    g.staff = member


def partner() -> None:
    """The signature of a partner platform. Raises `SignatureRefusedError`."""
    query = request.query_string.decode("latin-1")
    message = signing.Signable(
        method=request.method,
        target=request.path + (f"?{query}" if query else ""),
        timestamp=request.headers.get(signing.TIMESTAMP_HEADER, ""),
        nonce=request.headers.get(signing.NONCE_HEADER, ""),
        body=request.get_data(),
    )
    signed = SignedRequest(
        request.headers.get(signing.KEY_HEADER, ""),
        request.headers.get(signing.SIGNATURE_HEADER, ""),
        message,
    )
    # Commits on its own, for a GET as well: the nonce is used up whether or not the request succeeds.
    with atomic():
        g.partner = request_signatures.verify_request(signed)


def partner_who_may(capability: Capability) -> PartnerIdentity:
    """The partner that is calling. Raises `NotAllowedError` when it lacks this capability."""
    identity: PartnerIdentity = g.partner
    request_signatures.require_capability(identity, capability)
    return identity


def metrics_collector() -> None:
    """The metrics collector, by the token in the settings. Without a token the address does not exist.

    Raises `NotFoundError`, `NotSignedInError`. In a simulated installation everything is fictional and open.
    """
    settings: Settings = current_app.extensions["steward.settings"]
    if not settings.metrics_token:
        if settings.simulated:
            return
        raise NotFoundError
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), settings.metrics_token.encode()):
        raise NotSignedInError


def simulator_only() -> None:
    """Only where WeChat is simulated. In production these addresses do not exist."""
    settings: Settings = current_app.extensions["steward.settings"]
    if not settings.simulated:
        raise NotFoundError


def guard_of(app: Flask, endpoint: str) -> Guard | None:
    """The guard of an endpoint, by its blueprint. None for an endpoint without one."""
    known: dict[str, Guard] = app.extensions["steward.guards"]
    return known.get(endpoint.partition(".")[0])


def caller() -> Identity:
    """The person whose token this request carries."""
    identity: Identity = g.identity
    return identity


def me() -> Colleague:
    """The member of staff who is calling."""
    member: Colleague = g.staff
    return member


def token_signer() -> TokenSigner:
    """Signs and checks the tokens of this installation."""
    found: TokenSigner = current_app.extensions["steward.signer"]
    return found


def _identify(audience: Audience) -> Identity:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedInError
    try:
        identity = token_signer().identify(audience, token)
    except NotSignedInError:
        if _is_for_another_audience(audience, token):
            raise NotAllowedError from None
        raise
    if identity.to_note:
        # Commits on its own, for a GET as well: who only reads is not idle.
        with atomic():
            sessions.seen(identity)
    return identity


def _is_for_another_audience(audience: Audience, token: str) -> bool:
    for other in Audience:
        if other is not audience:
            try:
                token_signer().identify(other, token)
            except NotSignedInError:
                continue
            return True
    return False
