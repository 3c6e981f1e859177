"""The day of a visit: check-in, running late, finishing, nobody there."""
