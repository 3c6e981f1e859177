"""Visits to the customer: openings, hold, confirm, and all that may become of an appointment."""
