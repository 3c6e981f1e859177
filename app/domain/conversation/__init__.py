"""Talking with one's manager: rules of messages, pushes, windows and answers, without clock or table."""
