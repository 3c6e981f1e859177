"""The same send as one writes it with Celery: a task, stock wechatpy, a broker; `dispatch` starts its worker.

It is given every advantage: no outbox, no record of what came of it, no result kept, a broker that writes
nothing to disk, and a token that is at hand.
"""

import os

from celery import Celery
from wechatpy.client import WeChatClient

from notifications.wording.kinds import Channel
from tests.notifications.outgoing import DATA

app = Celery("bench", broker=os.environ.get("BENCH_BROKER", ""))
app.conf.update(
    task_ignore_result=True, worker_prefetch_multiplier=4, broker_connection_retry_on_startup=True
)


class _Client:
    client: WeChatClient | None = None


def _client() -> WeChatClient:
    if _Client.client is None:
        client = WeChatClient("wx1", "secret", access_token="t" * 136, timeout=5)
        client.API_BASE_URL = os.environ["BENCH_WECHAT"] + "/cgi-bin/"
        client._http.trust_env = False  # noqa: SLF001 - a proxy has no business on loopback
        _Client.client = client
    return _Client.client


@app.task  # type: ignore[untyped-decorator]
def send(openid: str, number: str) -> None:
    """Send one template message."""
    _client().post(
        "message/template/send",
        data={
            "touser": openid,
            "template_id": "SIM-staff_task",
            "data": {key: {"value": value} for key, value in DATA[Channel.TEMPLATE].items()},
            "client_msg_id": number,
            "miniprogram": {"appid": "wx1", "pagepath": "pages/case/index?id=case-1"},
        },
    )
