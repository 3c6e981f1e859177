"""What notifications may know of an event, as plain read-only values."""
