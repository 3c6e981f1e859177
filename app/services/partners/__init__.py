"""Partner platforms (合作平台): their registry, request signatures, and the cases they bring in."""
