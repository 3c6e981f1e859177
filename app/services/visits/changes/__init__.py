"""When something changes around booked visits: revalidation, closures, work patterns, joining, due steps."""
