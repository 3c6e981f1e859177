"""Subscribe messages (订阅消息) of the mini-program: no idempotency key, one consent each."""

from app.wechat.port import WeChatError
from notifications.channels import outcome
from notifications.channels.envelope import Envelope, Outcome
from notifications.channels.message_channel import MessageChannel
from notifications.wording.kinds import Audience, Channel


class SubscribeChannel(MessageChannel):
    """Addressed by the openid of the mini-program."""

    key = Channel.SUBSCRIBE
    audiences = frozenset({Audience.CUSTOMER})

    def send(self, message: Envelope) -> Outcome:
        """Send one message once."""
        try:
            receipt = self.connections.wechat.miniprogram.send_subscribe(
                openid=message.route.openid,
                template_id=self.connections.template_ids[message.route.template_key],
                data=message.route.data,
                page=message.page,
            )
        except WeChatError as error:
            return outcome.refused(error)
        return outcome.accepted(receipt)
