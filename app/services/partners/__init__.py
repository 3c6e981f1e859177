"""Partner platforms: who they are, that a request is theirs, and the cases they bring in."""
