"""Notices and their messages, written in the transaction of the change; consents and delivery rules."""
