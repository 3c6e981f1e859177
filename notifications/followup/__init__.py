"""What becomes of a message after it was handed over: reports, calls, undelivered lists."""
