"""Who somebody is, who works here, who acts for whom, and who is written to."""
