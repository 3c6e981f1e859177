"""Endpoints that exist only beside the simulator: its console, and the clock of the demo."""
