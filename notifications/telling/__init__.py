"""From what happened in the business to who is told of it: a handler for each event, and its words."""
