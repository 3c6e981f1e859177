"""Tasks: the lists of a person and a department, taking one, completing it with what it must deliver."""
