"""Pictures and voice messages in WeChat's chat, as a phone sends them."""

from base64 import b64encode
from typing import Any

from demo.story.evidence import PICTURE
from tests.api.conversations.conversation_phones import Conversation
from tests.api.conversations.test_wechat_chat import write
from tests.world import World

JPEG = b"\xff\xd8\xff\xe0 a picture, as far as anybody looks at it"
VOICE = b"#!AMR\n a voice, as far as anybody listens"
GET = "cgi-bin/media/get"

__all__ = ["GET", "JPEG", "PICTURE", "VOICE", "document_bytes", "last_message", "send_picture", "send_voice"]


def store_media(world: World, content: bytes, to: str) -> str:
    """Store a file on WeChat's side, as a phone does; its media id."""
    document = {"account": to, "media_type": "image/jpeg", "content": b64encode(content).decode()}
    media_id: str = world.desk.ask("POST", "media", document)["media_id"]
    return media_id


def send_picture(
    world: World, openid: str = "o_customer", content: bytes = JPEG, to: str = "miniprogram", **more: Any
) -> None:
    """Somebody sends a picture, and the jobs process it."""
    fields = {
        "MsgType": "image",
        "Content": None,
        "PicUrl": "http://p",
        "MediaId": store_media(world, content, to),
    }
    write(world, openid, "", to, **fields | more)


def send_voice(
    world: World, openid: str = "o_customer", content: bytes = VOICE, to: str = "service", **more: Any
) -> None:
    """Somebody sends a voice message, and the jobs process it."""
    fields = {
        "MsgType": "voice",
        "Content": None,
        "Format": "amr",
        "MediaId": store_media(world, content, to),
    }
    write(world, openid, "", to, **fields | more)


def last_message(scene: Conversation) -> Any:
    """The last message of the customer, as the manager sees it."""
    items = scene.page(scene.manager)["items"]
    return [item for item in items if item["author"] == "customer"][-1]


def document_bytes(scene: Conversation, document_id: str) -> bytes:
    """The bytes of a document that the manager opens in the conversation."""
    link = scene.manager.post(f"{scene.ours}/documents/{document_id}/link")
    content: bytes = scene.world.client.get(link["path"]).data
    return content
