"""HTTP and nothing else: parse, authorise, call one service, present."""
