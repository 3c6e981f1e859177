"""Who is behind an event of the 服务号: WeChat is asked about new followers, and about unknown ones.

Somebody may have followed before this product listened, or while it was down; whatever they do shows that
they are there. Asked outside any transaction.
"""

import logging

from app.core.atomic import atomic
from app.services.people import followers
from app.wechat.port import AccountKind, FaultKind, Follower, ServiceAccount, WeChatError
from notifications.dispatch import retry
from notifications.incoming.chat_inbox import NotYet

FOLLOW = (AccountKind.SERVICE, "subscribe")
UNFOLLOW = (AccountKind.SERVICE, "unsubscribe")

_WORTH_ASKING_AGAIN = frozenset({FaultKind.TRANSIENT, FaultKind.UNKNOWN_OUTCOME})
# Nobody's follow is lost while the account can't ask at all.
_ASKED_UNTIL_ANSWERED = frozenset(
    {FaultKind.TOKEN, FaultKind.QUOTA, FaultKind.CONFIGURATION, FaultKind.UNCLEAR}
)
_log = logging.getLogger(__name__)


def ask(
    service_account: ServiceAccount, account: AccountKind, event: str, openid: str, attempts: int
) -> Follower | None:
    """Who is behind this event; None for somebody known, and for whom WeChat won't name.

    Raises `NotYet` while a follow event has to wait for the answer; what other events ask for does not wait.
    """
    if not _is_unknown(account, event, openid):
        return None
    try:
        return service_account.follower(openid)
    except WeChatError as error:
        if (account, event) == FOLLOW and (
            error.kind in _ASKED_UNTIL_ANSWERED
            or (error.kind in _WORTH_ASKING_AGAIN and not retry.exhausted(attempts + 1))
        ):
            raise NotYet from error
        _log.warning("a follower stays unknown", extra={"event": event, "errcode": error.errcode})
        return None


def keep(follower: Follower) -> None:
    """Keep who follows, in the caller's transaction."""
    if follower.subscribed:
        # Otherwise they have left again while we asked; their leaving is an event of its own.
        followers.follow(follower.openid, follower.unionid)


def _is_unknown(account: AccountKind, event: str, openid: str) -> bool:
    if account is not AccountKind.SERVICE or (account, event) == UNFOLLOW or not openid:
        return False
    if (account, event) == FOLLOW:
        return True
    with atomic(read_only=True):
        return bool(followers.unknown([openid]))
