"""Visits to the customer: openings, hold, confirmation, the day itself, and changes around it."""
