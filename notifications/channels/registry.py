"""All channels that send messages, by their keys. A call to a customer (`followup/calls.py`) is none."""

from collections.abc import Mapping
from types import MappingProxyType

from app.wechat import errcodes
from notifications.channels.message_channel import Connections, MessageChannel
from notifications.channels.sms import SmsChannel
from notifications.channels.subscribe import SubscribeChannel
from notifications.channels.template import TemplateChannel
from notifications.channels.wecom import WeComChannel
from notifications.wording.kinds import Channel

CHANNELS: Mapping[Channel, type[MessageChannel]] = MappingProxyType(
    {channel.key: channel for channel in (SubscribeChannel, TemplateChannel, SmsChannel, WeComChannel)}
)


def senders(connections: Connections) -> Mapping[Channel, MessageChannel]:
    """Each channel on these connections."""
    return {key: channel(connections) for key, channel in CHANNELS.items()}


def meaning_of(channel: str, errcode: int | None) -> str | None:
    """What staff are told that an errcode of this channel stands for, in Chinese; None for an unknown one."""
    known = CHANNELS.get(Channel(channel))
    return None if known is None else errcodes.meaning_of(errcode, known.errcodes)
