"""The city's messages as data: kinds, templates, their fields and what WeChat allows in them."""
