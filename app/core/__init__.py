"""The plumbing that every floor above stands on: settings, database, transaction, clock, events, secrets, logs."""
