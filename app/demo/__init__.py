"""The stories that `make demo` plays, and the openly fictional sample data that `make serve` shows."""
