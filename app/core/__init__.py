"""The plumbing under every floor: settings, database, transaction, clock, events, secrets, logs."""
