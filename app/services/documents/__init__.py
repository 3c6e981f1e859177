"""Documents: brought, shown, handed out by short-lived links, asked for within the program's number."""
