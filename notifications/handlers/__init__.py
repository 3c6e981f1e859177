"""From an event of the business to the notices of it: one table, and what its lines refer to."""
