"""Papers that people keep: rendered as PDF from the city's templates."""
