"""The stories that can be played, one module each."""
