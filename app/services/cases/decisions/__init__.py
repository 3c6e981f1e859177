"""What people decide about a case: withdraw, refuse, hand over, send back, rate, close."""
