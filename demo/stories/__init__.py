"""The stories that can be played, one room each."""
