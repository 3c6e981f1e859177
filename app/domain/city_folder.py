"""Where the data of the city lies: everything that another city's utility would change, and nothing else."""

from collections.abc import Mapping
from pathlib import Path

from app.domain.config_error import ConfigError

CITY_VARIABLE = "STEWARD_CITY"


def city_folder(environ: Mapping[str, str]) -> Path:
    """The folder with the city's TOML files: what STEWARD_CITY names, else this repository's cities/jinan.

    :param environ: the environment, passed in so that the domain reads nothing by itself.
    :raises ConfigError: when STEWARD_CITY names something that is not a folder.
    """
    chosen = environ.get(CITY_VARIABLE)
    if not chosen:
        return Path(__file__).parents[2] / "cities" / "jinan"
    folder = Path(chosen)
    if not folder.is_dir():
        raise ConfigError(folder, CITY_VARIABLE, "is not a folder")
    return folder
