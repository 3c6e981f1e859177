"""Talking with one's manager: one conversation for each case, and general enquiries."""
