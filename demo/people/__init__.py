"""The fictional people of the stories and the sample, and their phones."""
