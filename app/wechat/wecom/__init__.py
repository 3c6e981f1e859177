"""企业微信 (WeCom): an application of the utility's that writes to staff, and what a card may hold."""

MOST_TITLE_BYTES = 128
MOST_DESCRIPTION_BYTES = 512
MOST_URL_BYTES = 2048
DUPLICATE_SECONDS = 1800
"""Within this time WeCom delivers a request with the same content once."""
