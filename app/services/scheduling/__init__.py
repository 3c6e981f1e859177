"""People's time: who works when, who is free, and reserving and releasing time slots."""
