"""A fault in the city's data files, told so that the person who edits them finds the place at once."""

from pathlib import Path


class ConfigError(ValueError):
    """What is wrong in a data file (TOML under ``cities/``): its text reads ``file: key: fault``.

    :param file: the file (or folder) that holds the fault.
    :param key: the path of the value in it, such as ``stages[2].limit.min``; "" for the whole file.
    :param fault: what is wrong, in English, for the utility's IT.
    """

    def __init__(self, file: Path | str, key: str, fault: str) -> None:
        super().__init__(file, key, fault)
        self.file = Path(file)
        self.key = key
        self.fault = fault

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.file), self.key, self.fault) if part)
