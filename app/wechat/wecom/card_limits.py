"""What a text card of WeCom may hold, in bytes of UTF-8, and how long it recognises a repetition."""

MOST_TITLE_BYTES = 128
MOST_DESCRIPTION_BYTES = 512
MOST_URL_BYTES = 2048
DUPLICATE_SECONDS = 1800
"""Within this time WeCom delivers a request with the same content once."""
