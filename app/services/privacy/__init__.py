"""The rights of a person: erasure, and the keys that protect personal data."""
