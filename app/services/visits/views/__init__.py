"""Reading visits: lists, calendars, arrival pass, calendar file. Nothing here writes."""
