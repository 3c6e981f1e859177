"""The city's limits for each person, address and case, counted in the database (limits.toml)."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from app.core.crypto import keyed_hash
from app.domain.errors import TooManyAttemptsError
from app.domain.limits import Limited
from app.services.installation import city
from app.services.operations import attempts

_NETWORK_BITS = 64


def count(what: Limited, who: str) -> None:
    """Count one more of `what` by `who`, in the transaction of the act itself.

    What is refused otherwise is rolled back and does not count; a refusal of this limit does. Raises
    `TooManyAttemptsError`.
    """
    limit = city.current().limits[what]
    if attempts.count_attempt(_source(what, who), limit.window) > limit.most:
        raise too_many(what)


def add(what: Limited, who: str) -> None:
    """Count one more, for a limit that is looked at beforehand (`is_used_up`)."""
    attempts.count_attempt(_source(what, who), city.current().limits[what].window)


def note_success(network: str, case_number: str) -> None:
    """Remember for this day that a case was looked up from here by somebody who knew the digits."""
    attempts.count_attempt(_success(network, case_number), attempts.LONGEST_WINDOW)


def has_succeeded(network: str, case_number: str) -> bool:
    """Whether a case was looked up from here this day."""
    return attempts.attempts_so_far(_success(network, case_number), attempts.LONGEST_WINDOW) > 0


def is_used_up(what: Limited, who: str) -> bool:
    """Whether one more would be too many; counts nothing."""
    limit = city.current().limits[what]
    return attempts.attempts_so_far(_source(what, who), limit.window) >= limit.most


def too_many(what: Limited) -> TooManyAttemptsError:
    """The refusal, with the time until the window is over."""
    left = attempts.seconds_left(city.current().limits[what].window)
    return TooManyAttemptsError(f"操作过于频繁，请{-(-left // 60)}分钟后再试。", left)


def network_of(address: str) -> str:
    """Whose address it is: itself, or for IPv6 the 64 bits that one subscriber has 2**64 addresses of."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), _NETWORK_BITS), strict=False))


def _success(network: str, case_number: str) -> str:
    return keyed_hash("lookup_success", f"{network} {case_number}")


def _source(what: Limited, who: str) -> str:
    return keyed_hash(what, who)
