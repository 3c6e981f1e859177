"""A command whose module is imported when it runs, so that a list of commands costs no imports."""

from pkgutil import resolve_name
from typing import Any

import click


class LazyCommand(click.Command):
    """Stands for the command at `target` ("package.module:name") under its name and help line.

    The help line is written down a second time, so that `--help` of the group imports nothing. A test
    compares both with the command itself.
    """

    def __init__(self, name: str, target: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self._target = target

    def load(self) -> click.Command:
        """Import the command. Raises `ImportError` and `AttributeError` for a wrong target."""
        command: click.Command = resolve_name(self._target)
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The real command's context, with which click runs it, shows its help or completes a word."""
        return self.load().make_context(info_name, args, parent, **extra)
