"""Subscribe messages (订阅消息) of the mini-program: no idempotency key, one consent each."""

from app.wechat.port import MiniProgram, WeChatError
from notifications.channels import outcome
from notifications.channels.envelope import Envelope, Outcome


def send(account: MiniProgram, message: Envelope, template_id: str) -> Outcome:
    """Send one message once; every answer of WeChat is an outcome and none is raised."""
    try:
        receipt = account.send_subscribe(
            openid=message.route.openid,
            template_id=template_id,
            data=message.route.data,
            page=message.page,
        )
    except WeChatError as error:
        return outcome.refused(error)
    return outcome.accepted(receipt)
