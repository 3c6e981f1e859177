"""Conversations between customers and the utility: one for each case, and general enquiries."""
