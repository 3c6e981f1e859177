"""Template messages (模板消息) of the 服务号 that open a page of the mini-program.

The message's own id is its client_msg_id: WeChat sends the same one once within 10 minutes, so a repetition
within that time doubles nothing, also when this process failed to write down that it had sent it.
"""

from app.wechat.port import ServiceAccount, WeChatError
from notifications.channels import outcome
from notifications.channels.envelope import Envelope, Outcome


def send(account: ServiceAccount, message: Envelope, template_id: str) -> Outcome:
    """Send one message; every answer of WeChat is an outcome and none is raised."""
    try:
        receipt = account.send_template(
            openid=message.route.openid,
            template_id=template_id,
            data=message.route.data,
            client_msg_id=message.id,
            miniprogram_page=message.page,
        )
    except WeChatError as error:
        return outcome.refused(error)
    return outcome.accepted(receipt)
