"""Looking after a conversation: chases, complaints, guests, notes, hand-over, retention."""
