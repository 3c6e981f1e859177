"""Durable timers of tasks: set with the task, fired by the sweep."""
