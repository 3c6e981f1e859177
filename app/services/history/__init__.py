"""Writing and reading what happened in a case."""
