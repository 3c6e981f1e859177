"""What a command that works on the installation needs: the complete application."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo

from app.cli.command_line import CommandLine
from app.core.process_start import without_garbage_collection
from app.core.settings import Settings, SettingsError
from app.domain.config_error import ConfigError

P = ParamSpec("P")
R = TypeVar("R")


def application(command: Callable[P, R]) -> Callable[P, R]:
    """Run `command` in the context of the complete application; see `enter_application`."""

    @functools.wraps(command)
    def with_application(*args: P.args, **kwargs: P.kwargs) -> R:
        enter_application()
        return command(*args, **kwargs)

    return with_application


def enter_application() -> Flask:
    """Enter the context of the complete application until the command under way, or its group, ends.

    The application is built now, unless the command line was started on a complete one, as in a test. Ends
    the command with every fault when settings or the city's data are faulty.
    """
    context = click.get_current_context()
    app = context.ensure_object(ScriptInfo).load_app()
    if isinstance(app, CommandLine):
        app = _build()
    context.with_resource(app.app_context())
    return app


def settings() -> Settings:
    """The settings of the application that the command under way has entered."""
    found: Settings = current_app.extensions["steward.settings"]
    return found


def _build() -> Flask:
    try:
        with without_garbage_collection():
            from app.factory import create_app

            return create_app()
    except (SettingsError, ConfigError) as fault:
        raise click.ClickException(str(fault)) from fault
