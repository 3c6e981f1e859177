"""Bringing in the followers of the 服务号 from before this product listened, a few at a time.

WeChat lists openids alone, and names the unionids of up to 100 at once. What is known stays known, so that an
import that was broken off goes on where it was: only the lists are read again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.core.atomic import atomic
from app.services.people import followers
from app.wechat.port import ServiceAccount

AT_ONCE = 100
"""How many people WeChat names in one answer."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of all followers were looked at so far, and how many of them WeChat was asked about."""

    seen: int
    total: int
    asked: int
    without_unionid: int


def import_followers(service_account: ServiceAccount) -> Iterator[Progress]:
    """Keep every follower and join them with customers and staff; the progress after each answer of WeChat.

    Call outside any transaction; each step is one of its own. Raises `WeChatError`.
    """
    seen = asked = without = 0
    last: str | None = None
    while True:
        page, total = service_account.follower_page(last)
        if not page:
            return
        for start in range(0, len(page), AT_ONCE):
            openids = page[start : start + AT_ONCE]
            with atomic(read_only=True):
                unknown = followers.unknown(openids)
            found = service_account.followers(unknown) if unknown else ()
            with atomic():
                for each in found:
                    if each.subscribed:
                        followers.follow(each.openid, each.unionid)
            seen, asked = seen + len(openids), asked + len(unknown)
            without += sum(each.unionid is None for each in found)
            yield Progress(seen, total, asked, without)
        last = page[-1]
