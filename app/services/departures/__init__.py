"""People who leave or are disabled: their work moves in one transaction, and they can be brought back."""
