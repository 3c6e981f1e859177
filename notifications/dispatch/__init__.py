"""Sending what waits in the outbox: claiming, sending and recording overlap."""
