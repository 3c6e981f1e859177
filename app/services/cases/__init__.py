"""A connection case: from submission through its stages to the rated return visit."""
