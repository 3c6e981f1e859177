"""What is shown of a story: on the terminal, as tables, and as a page."""
