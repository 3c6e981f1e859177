"""The first page of `make serve`, and who can log in there."""
