"""The rules of a task's values: what they are held against, and what was let pass."""
