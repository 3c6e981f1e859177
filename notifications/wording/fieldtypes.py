"""What WeChat lets stand in a field of a message, and how a value is fitted into it.

WeChat refuses a whole message (47003) for one character too many. Field keys are a type and a number, such
as "thing1". Source: 订阅消息参数值内容限制说明; the 服务号's template messages use the same types. Where it
leaves room, the narrower reading is taken. The simulator checks messages by a list of its own, so that a
mistake here is seen there.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from notifications.wording.vocabulary import ValueKind

ELLIPSIS = "…"

_KEY = re.compile(r"(?P<type>[a-z]+(?:_[a-z]+)*)[0-9]{1,2}")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_NOT_HAN = re.compile(f"[^{_HAN}]")
_NOT_IN_NAME = re.compile(f"[^{_HAN}A-Za-z·.\\- ]")
_NOT_CODE = re.compile(r"[^!-~]")
_NOT_IN_PHONE = re.compile(r"[^0-9+\-() ]")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_AMOUNT = re.compile(r"(?<![0-9.])[¥$€£]?[0-9]{1,10}(?:\.[0-9]{1,2})?(?![0-9])元?")
_DAY = r"(?P<year>[0-9]{4})(?:-|年)(?P<month>[0-9]{1,2})(?:-|月)(?P<day>[0-9]{1,2})日?"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_MOMENT = re.compile(f"(?:{_DAY} )?(?P<clock>{_CLOCK})(?![0-9:])")
_DATE = re.compile(f"(?<![0-9]){_DAY}(?: (?P<clock>{_CLOCK})(?![0-9:]))?")
# Letters of a name that is not Chinese may be twice as many as Chinese characters.
_CHINESE_NAME = 10


@dataclass(frozen=True, slots=True)
class FieldType:
    """One type of field: the longest text (counted in UTF-16 units), what may feed it, how text is fitted."""

    limit: int
    takes: frozenset[ValueKind]
    fallback: str
    """What stands where nothing usable is left of a value: WeChat refuses an empty one."""
    fit: Callable[[str, int], str]
    free: bool = False
    """Whether text and values may be mixed in it; else it is one value or one constant."""


def length(text: str) -> int:
    """How long WeChat may count a text: in UTF-16 units, the larger of the two possible counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def plain(text: str) -> str:
    """`text` on one line, without control characters, direction marks and halves of characters."""
    if text.isprintable():
        # The rule, and cheap to ask: a printable text has no such character, and no white space but blanks.
        return " ".join(text.split())
    kept = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    return " ".join(kept.split())


def type_of(field: str) -> FieldType | None:
    """The type of a field key such as "phone_number3"; None for one that this product does not fill."""
    match = _KEY.fullmatch(field)
    return FIELD_TYPES.get(match["type"]) if match else None


def fit(field: str, text: str) -> str:
    """`text` as WeChat takes it in this field: never too long, never empty, no character it refuses.

    Raises `KeyError` for a field whose type this product does not fill.
    """
    kind = type_of(field)
    if kind is None:
        raise KeyError(field)
    return kind.fit(plain(text), kind.limit) or kind.fallback


def shorten(text: str, limit: int) -> str:
    """`text` within `limit` UTF-16 units; what is cut off shows as an ellipsis."""
    if length(text) <= limit:
        return text
    return _cut(text, limit - 1).rstrip() + ELLIPSIS


def _cut(text: str, limit: int) -> str:
    kept = text[:limit]
    while length(kept) > limit:
        kept = kept[:-1]
    return kept


def _narrow(text: str) -> str:
    """Full-width digits and letters, as Chinese keyboards write them, become ASCII."""
    return unicodedata.normalize("NFKC", text)


def _phrase(text: str, limit: int) -> str:
    return _NOT_HAN.sub("", text)[:limit]


def _name(text: str, limit: int) -> str:
    kept = " ".join(_NOT_IN_NAME.sub("", text).split())
    if re.search(f"[{_HAN}]", kept):
        return kept[:_CHINESE_NAME].strip()
    return kept[:limit].strip()


def _code(text: str, limit: int) -> str:
    kept = _NOT_CODE.sub("", _narrow(text))
    return kept if len(kept) <= limit else kept[: limit - 3] + "..."


def _phone(text: str, limit: int) -> str:
    kept = " ".join(_NOT_IN_PHONE.sub("", _narrow(text)).split())
    if len(kept) > limit:
        kept = re.sub("[^0-9+]", "", kept)[:limit]
    return kept if re.search("[0-9]", kept) else ""


def _number(text: str, limit: int) -> str:
    found = _NUMBER.search(_narrow(text))
    return found.group()[:limit].rstrip(".") if found else ""


def _amount(text: str, limit: int) -> str:
    found = _AMOUNT.search(_narrow(text))
    return found.group()[:limit] if found else ""


def _real_day(found: re.Match[str]) -> bool:
    try:
        date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return False
    return True


def _moment(text: str, _limit: int) -> str:
    found = _MOMENT.search(_narrow(text))
    if found is None:
        return ""
    if found["year"] is None or not _real_day(found):
        return found["clock"]
    return f"{int(found['year']):04}-{int(found['month']):02}-{int(found['day']):02} {found['clock']}"


def _date(text: str, _limit: int) -> str:
    found = _DATE.search(_narrow(text))
    if found is None or not _real_day(found):
        return ""
    day = f"{int(found['year']):04}-{int(found['month']):02}-{int(found['day']):02}"
    return f"{day} {found['clock']}" if found["clock"] else day


_ALL = frozenset(ValueKind)

FIELD_TYPES = MappingProxyType(
    {
        "thing": FieldType(20, _ALL, "—", shorten, free=True),
        "phrase": FieldType(5, frozenset({ValueKind.TEXT}), "已更新", _phrase),
        "name": FieldType(20, frozenset({ValueKind.PERSON}), "未登记", _name),
        "phone_number": FieldType(17, frozenset({ValueKind.PHONE}), "0", _phone),
        "character_string": FieldType(
            32, frozenset({ValueKind.CODE, ValueKind.NUMBER, ValueKind.PHONE}), "-", _code
        ),
        "number": FieldType(32, frozenset({ValueKind.NUMBER}), "0", _number),
        "amount": FieldType(14, frozenset({ValueKind.NUMBER}), "0元", _amount),
        "time": FieldType(16, frozenset({ValueKind.TIME}), "00:00", _moment),
        "date": FieldType(16, frozenset({ValueKind.TIME}), "1970-01-01", _date),
    }
)
"""The types this product fills; a field of another type (letter, symbol, enum, …) is a fault in the data."""
