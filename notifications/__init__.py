"""Who is told what, through which channel, and that it arrived."""
