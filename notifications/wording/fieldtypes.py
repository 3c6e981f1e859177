"""What WeChat lets stand in a field of a message, and how a value is fitted into it.

WeChat refuses a whole message (47003) for one character too many. Field keys are a type and a number, such
as "thing1". Source: 订阅消息参数值内容限制说明; the 服务号's template messages use the same types. Where it
leaves room, the narrower reading is taken. The simulator checks messages by a list of its own, so that a
mistake here is seen there.

What stands in a field says the same as its value, or is visibly shortened ("…", ".."), or is a word that says
nothing about it. It is never another number, time, name or phone: where a type has no such word, the value is
refused (`UnfitValueError`), and the message takes another channel.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from app.domain.texts import belong_together
from notifications.wording.vocabulary import ValueKind

ELLIPSIS = "…"

_KEY = re.compile(r"(?P<type>[a-z]+(?:_[a-z]+)*)[0-9]{1,2}")
# 〇, the ideographs of the first plane with their compatibility forms, and the planes of the extensions.
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SOME_HAN = re.compile(f"[{_HAN}]")
_PHRASE = re.compile(f"[{_HAN}]+")
_CHINESE_NAME = re.compile(f"[{_HAN}A-Za-z·.\\- ]+")
_OTHER_NAME = re.compile(r"[A-Za-z·.\-' ]+")
_CODE = re.compile(r"[!-~]+")
_PLATE = re.compile(rf"[{_HAN}][A-Z][A-Z0-9]{{5,6}}[{_HAN}]?")
_LETTERS = re.compile(r"[A-Za-z]+")
_PHONE = re.compile(r"\+?[0-9][0-9+\-() ]*")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_GROUPED = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:([, ])[0-9]{3})(?:\1[0-9]{3})*(?![0-9])")
# What a number may stand between without becoming another: 第12次, 共3条.
_COUNTED = re.compile(r"[第共约 ]*(?P<number>[0-9]+(?:\.[0-9]+)?) *[次条个件项人户天日页]?")
_AMOUNT = re.compile(r"(?P<sign>[¥$€£]?) ?(?P<whole>[0-9]+)(?P<part>\.[0-9]{1,2})? ?(?P<unit>元?)")
_DAY = r"(?P<year>[0-9]{4})(?:-|/|\.|年)(?P<month>[0-9]{1,2})(?:-|/|\.|月)(?P<day>[0-9]{1,2})日?"
_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
_MOMENT = re.compile(f"(?:{_DAY} ?)?(?:{_CLOCK})?")
_SPAN = re.compile(r" ?[~\u301c] ?")
# Letters of a name that is not Chinese may be twice as many as Chinese characters.
_LONGEST_CHINESE_NAME = 10
_CUT_NAME = ".."
# Variation selectors choose a glyph and never a character.
_ORNAMENT = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Han that Unicode added later than this Python knows.
_LATER_HAN = re.compile("[\U00020000-\U0003fffd]")
_UNKNOWN = "?"
_MOST_DIGITS_OF_AMOUNT = 10


class UnfitValueError(ValueError):
    """A value can't be said in a field of this type; holds the field's key and never the value."""


@dataclass(frozen=True, slots=True)
class FieldType:
    """One type of field: the longest text (counted in UTF-16 units), what may feed it, how text is fitted."""

    limit: int
    takes: frozenset[ValueKind]
    """Empty for a type that holds constants alone."""
    fallback: str | None
    """What stands where a value can't be said, and says nothing about it; None where no such word exists."""
    fit: Callable[[str, int], str]
    """Gives an empty text for what can't be said."""
    free: bool = False
    """Whether text and values may be mixed in it; else it is one value or one constant."""


def length(text: str) -> int:
    """How long WeChat may count a text: in UTF-16 units, the larger of the two possible counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def plain(text: str) -> str:
    """`text` on one line, without control characters and direction marks.

    What no font knows (halves of characters, private and unassigned ones) shows as a question mark: left out,
    it would make another name of a name.
    """
    if text.isprintable():
        # The rule, and cheap to ask: a printable text has no such character, and no white space but blanks.
        return " ".join(text.split())
    return " ".join("".join(map(_plain_sign, text)).split())


def _plain_sign(character: str) -> str:
    if character.isspace():
        return " "
    match unicodedata.category(character):
        case "Cc" | "Cf":
            return ""
        case "Cs" | "Co":
            return _UNKNOWN
        case "Cn":
            return character if _LATER_HAN.match(character) else _UNKNOWN
        case _:
            return character


def type_of(field: str) -> FieldType | None:
    """The type of a field key such as "phone_number3"; None for one that this product does not fill."""
    match = _KEY.fullmatch(field)
    return FIELD_TYPES.get(match["type"]) if match else None


def fit(field: str, text: str) -> str:
    """`text` as WeChat takes it in this field: never too long, never empty, no character it refuses.

    Raises `KeyError` for a field whose type this product does not fill, `UnfitValueError` for a value that
    would become another one.
    """
    kind = type_of(field)
    if kind is None:
        raise KeyError(field)
    fitted = kind.fit(plain(text), kind.limit) or kind.fallback
    if fitted is None:
        raise UnfitValueError(field)
    return fitted


def shorten(text: str, limit: int) -> str:
    """`text` within `limit` UTF-16 units; what is cut off shows as an ellipsis."""
    if length(text) <= limit:
        return text
    return _cut(text, limit - 1).rstrip() + ELLIPSIS


def _cut(text: str, limit: int) -> str:
    kept = text[:limit]
    while length(kept) > limit:
        kept = kept[:-1]
    while kept and len(kept) < len(text) and belong_together(kept, text[len(kept)]):
        kept = kept[:-1]
    return kept


def _narrow(text: str) -> str:
    """Full-width digits and letters, as Chinese keyboards write them, become ASCII."""
    return unicodedata.normalize("NFKC", text)


def _without_ornaments(text: str) -> str:
    """A name without emoji and variation selectors; letters, digits and marks of any script stay."""
    kept = _ORNAMENT.sub("", "".join(sign for sign in text if unicodedata.category(sign) not in {"So", "Sk"}))
    return " ".join(kept.split())


def _phrase(text: str, limit: int) -> str:
    kept = _ORNAMENT.sub("", "".join(sign for sign in text if unicodedata.category(sign)[0] not in "PSZ"))
    return kept if _PHRASE.fullmatch(kept) and length(kept) <= limit else ""


def _name(text: str, limit: int) -> str:
    kept = _without_ornaments(text.replace("’", "'").replace("•", "·"))
    if _SOME_HAN.search(kept):
        return _cut_name(kept, _LONGEST_CHINESE_NAME) if _CHINESE_NAME.fullmatch(kept) else ""
    return _cut_name(kept, limit) if _OTHER_NAME.fullmatch(kept) and _LETTERS.search(kept) else ""


def _cut_name(name: str, limit: int) -> str:
    """A name within its limit; a cut shows as two dots, the only mark that a name may have."""
    if length(name) <= limit:
        return name
    return _cut(name, limit - len(_CUT_NAME)).rstrip(" .·-") + _CUT_NAME


def _code(text: str, limit: int) -> str:
    kept = "".join(_extension(_narrow(text)).split())
    if not _CODE.fullmatch(kept):
        return ""
    return kept if len(kept) <= limit else kept[: limit - 3] + "..."


def _extension(text: str) -> str:
    """转123 behind a number becomes -123; both are usual spellings of an extension."""
    return re.sub(r"(?<=[0-9]) *(?:转|ext\.?|;ext=) *(?=[0-9])", "-", text)


def _phone(text: str, limit: int) -> str:
    kept = _extension(_narrow(text))
    if not _PHONE.fullmatch(kept):
        return ""
    if len(kept) > limit:
        kept = re.sub("[() ]", "", kept)
    if len(kept) > limit:
        # The last hyphen may say where the number ends and its extension begins.
        number, hyphen, last = kept.rpartition("-")
        kept = number.replace("-", "") + hyphen + last
    return kept if len(kept) <= limit else ""


def _number(text: str, limit: int) -> str:
    found = _COUNTED.fullmatch(_ungrouped(_narrow(text)))
    return found["number"] if found and len(found["number"]) <= limit else ""


def _ungrouped(text: str) -> str:
    """A number without the separators of its thousands; a comma elsewhere stays, and is refused later."""
    return _GROUPED.sub(lambda found: found.group().replace(found[1], ""), text)


def _amount(text: str, _limit: int) -> str:
    found = _AMOUNT.fullmatch(_ungrouped(_narrow(text)))
    if found is None or len(found["whole"]) > _MOST_DIGITS_OF_AMOUNT:
        return ""
    return f"{found['sign']}{found['whole']}{found['part'] or ''}{found['unit']}"


def _moment(text: str, _limit: int) -> str:
    return _span(text, clock_needed=True)


def _date(text: str, _limit: int) -> str:
    return _span(text, clock_needed=False)


def _span(text: str, *, clock_needed: bool) -> str:
    """A day, a time or both; or two of them, from and to. Empty for everything else."""
    ends = [_instant(end, clock_needed=clock_needed) for end in _SPAN.split(_narrow(text))]
    return "~".join(ends) if all(ends) and len(ends) <= 2 else ""


def _instant(text: str, *, clock_needed: bool) -> str:
    found = _MOMENT.fullmatch(text)
    if found is None or found["hour" if clock_needed else "year"] is None:
        return ""
    day, clock = _day(found), _clock(found)
    return " ".join(part for part in (day, clock) if part) if None not in (day, clock) else ""


def _day(found: re.Match[str]) -> str | None:
    """A day in one spelling; empty without one, None for one that does not exist."""
    if found["year"] is None:
        return ""
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"])).isoformat()
    except ValueError:
        return None


def _clock(found: re.Match[str]) -> str | None:
    """A time of day in one spelling, 9:05 as 09:05; empty without one, None for one that does not exist."""
    if found["hour"] is None:
        return ""
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if found["second"] else "")


def _whole(pattern: re.Pattern[str]) -> Callable[[str, int], str]:
    """Takes a text of this form as it is, and no other."""
    return lambda text, limit: text if pattern.fullmatch(text) and length(text) <= limit else ""


def _symbols(text: str, limit: int) -> str:
    # Not by what is no letter: Unicode's newest letters are unknown to this Python.
    fits = text and all(unicodedata.category(character)[0] in "PS" for character in text)
    return text if fits and length(text) <= limit else ""


_ALL = frozenset(ValueKind)
_CONSTANTS: frozenset[ValueKind] = frozenset()

FIELD_TYPES = MappingProxyType(
    {
        "thing": FieldType(20, _ALL, "—", shorten, free=True),
        "phrase": FieldType(5, frozenset({ValueKind.TEXT}), "已更新", _phrase),
        "name": FieldType(20, frozenset({ValueKind.PERSON}), "见小程序", _name),
        "phone_number": FieldType(17, frozenset({ValueKind.PHONE}), None, _phone),
        "character_string": FieldType(
            32, frozenset({ValueKind.CODE, ValueKind.NUMBER, ValueKind.PHONE}), "-", _code
        ),
        "number": FieldType(32, frozenset({ValueKind.NUMBER}), None, _number),
        "amount": FieldType(14, frozenset({ValueKind.NUMBER}), None, _amount),
        "time": FieldType(16, frozenset({ValueKind.TIME}), None, _moment),
        "date": FieldType(16, frozenset({ValueKind.TIME}), None, _date),
        "car_number": FieldType(8, _CONSTANTS, None, _whole(_PLATE)),
        "letter": FieldType(32, _CONSTANTS, None, _whole(_LETTERS)),
        "symbol": FieldType(5, _CONSTANTS, None, _symbols),
    }
)
"""The types this product fills; a field of another type (enum, const) is a fault in the data."""
