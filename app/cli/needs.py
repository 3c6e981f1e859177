"""What a command that works on the installation needs: settings that are complete."""

import click
from flask import current_app

from app.core.settings import Settings, SettingsError


def settings() -> Settings:
    """The settings of this installation. Ends the command with every fault when they are incomplete."""
    fault: SettingsError | None = current_app.extensions.get("steward.settings_fault")
    if fault is not None:
        raise click.ClickException(str(fault))
    found: Settings = current_app.extensions["steward.settings"]
    return found
