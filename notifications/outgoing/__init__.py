"""The outbox and its way out: claimed, sent through one channel after another, recorded, settled."""
