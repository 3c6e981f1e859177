"""What happens by the clock: the timetable, and the process that runs it."""
