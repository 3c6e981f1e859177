"""Decisions about a case: withdraw, refuse, send back, hand over, change program, rate, close."""
