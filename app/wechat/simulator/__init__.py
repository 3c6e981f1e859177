"""A stand-in for WeChat in demo and tests: it answers calls, remembers them, and fails on request."""
