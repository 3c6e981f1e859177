"""The HTTP API: parses requests, authorises them, calls one service, and formats the answer."""
