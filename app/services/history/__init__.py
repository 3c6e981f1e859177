"""The history of a case: its timeline, its latest outputs, and who read personal data."""
