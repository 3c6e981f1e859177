"""For managers, department staff and supervisors, on their phones."""
