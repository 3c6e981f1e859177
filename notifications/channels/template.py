"""Template messages (模板消息) of the 服务号 that open a page of the mini-program.

The message's own id is its client_msg_id: WeChat sends the same one once within 10 minutes, so a repetition
within that time doubles nothing, also when this process failed to write down that it had sent it.
"""

from datetime import timedelta

from app.wechat.port import WeChatError
from notifications.channels import outcome
from notifications.channels.envelope import Envelope, Outcome
from notifications.channels.message_channel import MessageChannel
from notifications.wording.kinds import Audience, Channel


class TemplateChannel(MessageChannel):
    """Addressed by the openid of the 服务号."""

    key = Channel.TEMPLATE
    audiences = frozenset({Audience.CUSTOMER, Audience.STAFF})
    # WeChat's 10 minutes, less what a repetition may wait in the pool and for its answer.
    repeat_window = timedelta(minutes=8)

    def send(self, message: Envelope) -> Outcome:
        """Send one message."""
        try:
            receipt = self.connections.wechat.service.send_template(
                openid=message.route.openid,
                template_id=self.connections.template_ids[message.route.template_key],
                data=message.route.data,
                client_msg_id=message.id,
                miniprogram_page=message.page,
            )
        except WeChatError as error:
            return outcome.refused(error)
        return outcome.accepted(receipt)
