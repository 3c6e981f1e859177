"""A database of many fictional cases in minutes: a few walked by the product, then printed many times."""
