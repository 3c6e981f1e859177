"""The product as real processes on loopback, and what the stories reach it by."""
