"""`create_app` for the web server and for the `flask` command; nothing else."""

from flask import Flask

from app.cli import command_line
from app.core.process_start import without_garbage_collection


def create_app() -> Flask:
    """The application on the environment's settings; for `flask`'s search for a command, the commands alone.

    Raises `SettingsError` and `ConfigError`.
    """
    if command_line.flask_searches_for_a_command():
        return command_line.CommandLine()
    with without_garbage_collection():
        # Imported here: `flask programs list` and `flask --help` need nothing of it, and it takes a second.
        from app import factory
        from miniprogram_api.slow_clients import SlowClients

        app = factory.create_app()
        app.wsgi_app = SlowClients(app.wsgi_app)  # type: ignore[method-assign]
        return app
