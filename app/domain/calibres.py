"""Nominal calibres of pipes and meters (公称直径), as the trade writes them: DN20 is 20 mm."""

PREFIX = "DN"


def nominal_mm(calibre: str) -> int:
    """The nominal diameter in millimetres. Raises `ValueError` for anything that is no DN."""
    if not calibre.startswith(PREFIX):
        message = f"not a nominal calibre: {calibre!r}"
        raise ValueError(message)
    return int(calibre.removeprefix(PREFIX))
