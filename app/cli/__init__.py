"""The `flask` commands that a utility's IT runs."""
