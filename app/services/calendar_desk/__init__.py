"""The calendar desk: drafts of the utility's calendar, their rehearsal, publication and who is told."""
