"""Callbacks from WeChat: two accounts, each with its own address and keys."""
