"""The base that every layer uses: settings, database, transaction, clock, events, secrets, logs."""
