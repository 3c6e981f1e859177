"""Water Steward: what the utility's business is, from its words (domain) to its commands (cli)."""
