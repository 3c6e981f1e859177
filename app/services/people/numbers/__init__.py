"""Whose a phone number is."""
