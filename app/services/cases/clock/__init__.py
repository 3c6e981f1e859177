"""The clock of a case: stops, disputes about them, the road permit, and the clock receipt."""
