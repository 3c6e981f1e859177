"""The installed city: its data, its working days, and the version of the calendar in force."""
