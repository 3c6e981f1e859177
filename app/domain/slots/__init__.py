"""When somebody can come: the grid of time, who is free on it, and the openings that follow; pure."""
