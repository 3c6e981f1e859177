"""The stories that `make demo` plays, and the openly fictional sample data that `make serve` shows.

No part of the product: nothing in `app`, `miniprogram_api` or `notifications` imports it.
"""
