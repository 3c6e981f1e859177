"""For customers, in the mini-program."""
