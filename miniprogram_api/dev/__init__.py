"""Only beside the simulator: its console, and the clock of a demo."""
