"""The clock of a case: pauses, disputes about them, the road permit, and the day-by-day statement."""
