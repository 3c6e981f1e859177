"""The connection programs as data: definition, loading and public guide."""
