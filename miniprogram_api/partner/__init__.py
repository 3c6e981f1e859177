"""Endpoints for partner platforms: the government-services platform, the web site, the phone app."""
