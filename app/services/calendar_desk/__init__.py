"""The calendar desk: drafts of the utility's calendar, their rehearsal, publication, and notifications."""
