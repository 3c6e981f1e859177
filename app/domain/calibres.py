"""Nominal calibres of pipes and meters (公称直径), as the trade writes them: DN20 is 20 mm."""

PREFIX = "DN"


def nominal_mm(calibre: str) -> int:
    """The nominal diameter in millimetres, more than 0. Raises `ValueError` for anything that is no DN."""
    digits = calibre.removeprefix(PREFIX)
    if digits == calibre or not digits.isdecimal() or int(digits) == 0:
        message = f"not a nominal calibre: {calibre!r}"
        raise ValueError(message)
    return int(digits)
