"""Schemas of requests and answers, by audience and subject."""
