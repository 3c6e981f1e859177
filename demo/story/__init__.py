"""What every story is made of: its people, its case, its clock, and steps that are checked."""
