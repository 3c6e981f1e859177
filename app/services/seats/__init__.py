"""Whose time is taken: reading it, taking pieces of it, giving them back."""
