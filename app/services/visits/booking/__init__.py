"""Booking a visit: available times, hold, confirm, move, cancel, wait-list."""
