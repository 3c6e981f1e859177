"""What a person may ask about their own data in cases: correct it, take their cases over."""
