"""`flask serve`: sample data on loopback, with the jobs process beside it."""

import click


@click.command("serve")
def serve() -> None:
    """Serve sample data on loopback."""
