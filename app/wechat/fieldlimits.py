"""What WeChat accepts in a field of a subscribe or template message.

A field's key is its type and a number ("thing1", "phone_number3"); the type decides which text is accepted,
and anything else is answered with 47003. Source: WeChat's documentation of subscribe messages, section
订阅消息参数值内容限制说明; the service account's template messages use the same types. Where it is
ambiguous, this is the stricter reading: WeChat accepts every text that passes here.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from types import MappingProxyType

_KEY = re.compile(r"([a-z]+(?:_[a-z]+)*)([0-9]{1,2})")
# Chinese characters with 〇 and the extension blocks: the documentation says 汉字 and names no block.
_HAN = "[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"
_DATE = re.compile(
    r"(?P<y>\d{4})(?:年(?P<m>\d{1,2})月(?P<d>\d{1,2})日|([-/.])(?P<m2>\d{1,2})\4(?P<d2>\d{1,2}))", re.ASCII
)
_CLOCK = re.compile(r"(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2}))?", re.ASCII)
_AMOUNT = re.compile(r"[¥￥$€£]?\d{1,10}(?:\.\d+)?元?", re.ASCII)
_NAME_HAN = re.compile(rf"(?:{_HAN}|[A-Za-z·.\- ])*{_HAN}(?:{_HAN}|[A-Za-z·.\- ])*")
_NAME_LETTERS = re.compile(r"[A-Za-z·.\-' ]+")
_CAR = re.compile(rf"(?:{_HAN}|[A-Za-z0-9])[A-Za-z0-9]*(?:{_HAN})?")


def type_of(key: str) -> str | None:
    """The field type in a key such as "phone_number3", or None when WeChat knows no such type."""
    match = _KEY.fullmatch(key)
    return match[1] if match is not None and match[1] in LENGTHS else None


def length(text: str) -> int:
    """How long WeChat counts a text: in UTF-16 units, so that an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fault(key: str, value: str, allowed: Sequence[str] = ()) -> str | None:
    """Why WeChat would refuse `value` in the field `key` (English, for developers and logs), or None.

    `allowed` are the listed values of an enum or const field.
    """
    kind = type_of(key)
    if kind is None:
        return f"{key}: no such field type"
    if not value.strip():
        return f"{key}: empty"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
        return f"{key}: control character or line break"
    if length(value) > LENGTHS[kind]:
        return f"{key}: longer than {LENGTHS[kind]}"
    if kind in ("enum", "const"):
        return None if value in allowed else f"{key}: not one of the listed values"
    return None if _FORMS[kind](value) else f"{key}: not a {kind}"


def _any(_value: str) -> bool:
    return True


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _name(value: str) -> bool:
    if _NAME_LETTERS.fullmatch(value):
        return True
    # A name with a Chinese character in it counts as a Chinese one, ten characters at most.
    return _NAME_HAN.fullmatch(value) is not None and length(value) <= 10


def _symbols(value: str) -> bool:
    return all(unicodedata.category(character)[0] in "PS" for character in value)


def _clock(text: str) -> bool:
    match = _CLOCK.fullmatch(text)
    return match is not None and int(match["h"]) < 24 and int(match["min"]) < 60 and int(match["s"] or 0) < 60


def _day(text: str) -> bool:
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    try:
        date(int(match["y"]), int(match["m"] or match["m2"]), int(match["d"] or match["d2"]))
    except ValueError:
        return False
    return True


def _day_and_clock(text: str) -> bool:
    day, space, clock = text.partition(" ")
    return bool(space) and _day(day) and _clock(clock)


def _time(value: str) -> bool:
    return all(_clock(part) or _day_and_clock(part) for part in _span(value))


def _date(value: str) -> bool:
    return all(_day(part) or _day_and_clock(part) for part in _span(value))


def _span(value: str) -> list[str]:
    ends = value.split("~")
    return ends if len(ends) <= 2 else [""]


def _car(value: str) -> bool:
    return _CAR.fullmatch(value) is not None


LENGTHS = MappingProxyType(
    {
        "thing": 20,
        "number": 32,
        "letter": 32,
        "symbol": 5,
        "character_string": 32,
        # For dates, times and amounts the form is the limit; these only keep the check cheap.
        "time": 50,
        "date": 50,
        "amount": 32,
        "phone_number": 17,
        "car_number": 8,
        "name": 20,
        "phrase": 5,
        "enum": 20,
        "const": 20,
    }
)
"""The longest text each field type takes, counted by `length`."""

_FORMS: MappingProxyType[str, Callable[[str], bool]] = MappingProxyType(
    {
        "thing": _any,
        "number": _matches(r"[0-9]+(?:\.[0-9]+)?"),
        "letter": _matches(r"[A-Za-z]+"),
        "symbol": _symbols,
        "character_string": _matches(r"[!-~]+"),
        "time": _time,
        "date": _date,
        "amount": lambda value: _AMOUNT.fullmatch(value) is not None,
        "phone_number": _matches(r"[0-9+\-() ]*[0-9][0-9+\-() ]*"),
        "car_number": _car,
        "name": _name,
        "phrase": _matches(rf"{_HAN}+"),
    }
)
