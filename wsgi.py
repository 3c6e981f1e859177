"""`create_app` for the web server and for the `flask` command; nothing else."""

from app.factory import create_app

__all__ = ["create_app"]
