"""Reading conversations: polling, lists, search, headers. Nothing here writes."""
