"""Endpoints for customers, in the mini-program."""
