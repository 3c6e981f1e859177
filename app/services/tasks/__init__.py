"""Tasks: lists, claiming from the department's queue, completing with the required outputs."""
