"""Durable timers: set with the work they belong to, fired by the sweep."""
