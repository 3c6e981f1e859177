"""Reading cases: progress, lists, search. Nothing here writes."""
