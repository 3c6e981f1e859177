"""Text cards (文本卡片) of the utility's application in 企业微信 (WeCom), for members of staff.

The card's address ends with the message's own id. WeCom delivers a request with the same content once within
30 minutes, so a repetition within that time doubles nothing, and two notices with the same words are two.
"""

from datetime import timedelta

from app.core import clock
from app.wechat import wecom_limits
from app.wechat.errcodes import WECOM_TABLE
from app.wechat.port import WeChatError
from notifications.channels import outcome
from notifications.channels.envelope import Envelope, Outcome, OutcomeKind, Route
from notifications.channels.message_channel import Draft, MemberLimit, MessageChannel
from notifications.wording.kinds import Audience, Channel

TEMPLATE = "card"
"""A card has no template; an attempt at it is written down under this."""


class WeComChannel(MessageChannel):
    """Addressed by the member id (userid)."""

    key = Channel.WECOM
    audiences = frozenset({Audience.STAFF})
    errcodes = WECOM_TABLE
    has_templates = False
    repeat_window = timedelta(seconds=wecom_limits.current().repeated_within_seconds)
    limits = tuple(
        MemberLimit(quota.most, timedelta(seconds=quota.seconds)) for quota in wecom_limits.current().members
    )

    @classmethod
    def route(cls, draft: Draft) -> Route | None:
        """The notice itself is the card."""
        if draft.address is None:
            return None
        card = {"title": draft.rendered.title, "description": draft.rendered.body, "url": draft.page_url}
        return Route(cls.key, TEMPLATE, draft.address, card)

    def send(self, message: Envelope) -> Outcome:
        """Send one card."""
        work, card = self.connections.wechat.work, message.route.data
        if work is None:
            # The application was taken out of service while messages to it waited.
            return Outcome(OutcomeKind.RECIPIENT, clock.now())
        try:
            receipt = work.send_card(
                member_id=message.route.openid,
                title=card["title"],
                description=card["description"],
                url=f"{card['url']}#{message.id}",
            )
        except WeChatError as error:
            return outcome.refused(error)
        return outcome.accepted(receipt)
