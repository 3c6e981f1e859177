"""Handing one message to WeChat, channel by channel; nothing here touches the database."""
