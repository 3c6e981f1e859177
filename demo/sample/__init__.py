"""The sample of `make serve`: about forty fictional cases, written by the services with a moved clock."""
