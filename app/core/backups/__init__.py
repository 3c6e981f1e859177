"""Copying a whole database out while it is in use, and into an empty one."""
