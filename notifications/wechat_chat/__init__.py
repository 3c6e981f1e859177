"""Asking WeChat about its chat: fetching media, sending replies, checking content."""
