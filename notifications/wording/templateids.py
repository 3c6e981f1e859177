"""By which ids WeChat knows this installation's templates."""

from collections.abc import Iterable
from pathlib import Path

from app.domain.config_error import ConfigError
from app.domain.toml_reader import Source

_SIMULATED_PREFIX = "SIM-"


def simulated(keys: Iterable[str]) -> dict[str, str]:
    """The ids under which the simulator is told of the templates."""
    return {key: _SIMULATED_PREFIX + key for key in keys}


def read(file: Path, keys: Iterable[str]) -> dict[str, str]:
    """The ids that WeChat gave, from a TOML file with one line `key = "id"` for each template.

    Raises `ConfigError` for a template without id, an id without template, and an id that two of them have.
    """
    source = Source(file)
    ids = {key: source.root.text(key) for key in keys}
    source.finish()
    if len(set(ids.values())) != len(ids):
        raise ConfigError(file, "", "two templates have the same id")
    return ids
