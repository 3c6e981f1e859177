"""A connection case from submission to its rated end."""
