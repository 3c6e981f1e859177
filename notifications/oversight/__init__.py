"""What people and machines look at: messages of a case, what never arrived, the morning summary, metrics."""
