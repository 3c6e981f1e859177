"""Phone numbers: one spelling for each, what may be a contact phone, and the hash by which they are found.

A number is stored in E.164; a contact phone with an extension as in RFC 3966 (`+8653188880001;ext=123`).
"""

import re
import unicodedata
from dataclasses import dataclass

from app.core.crypto import keyed_hash

MAINLAND = "86"

SPELLINGS = (
    "请填写11位手机号、带区号的座机（如0531-88880001，有分机写作0531-88880001转123），"
    "或以+和地区代码开头的境外号码（如+85261234567）。"
)
"""Which spellings of a contact phone are accepted."""

_EXTENSION_MARK = ";ext="
# How Chinese write an extension behind a number; phonenumbers knows "ext" and "x" by itself.
_EXTENSION = re.compile(
    r"(?P<number>.*[0-9])\s*(?:,|转接?|轉|分机号?)\s*:?\s*(?P<extension>[0-9]{1,6})\s*(?:分机)?"
)
_HYPHENED = re.compile(r"(?P<number>.*[0-9])\s*[-\u2010-\u2015]\s*(?P<extension>[0-9]{1,6})")
# 电信网编号计划: a fixed line has 7 or 8 digits after the area code (10 and 2x: two digits, others three),
# and the first is 2 to 8. What is shorter or begins with 1 or 9 is a service number such as 12345 or 968133;
# so are 400 and 800.
_FIXED_LINE = re.compile(r"(?:(?:10|2[0-9])[2-8][0-9]{7}|(?!400|800)[3-9][0-9]{2}[2-8][0-9]{6,7})")
_COUNTRIES = {
    "852": "中国香港",
    "853": "中国澳门",
    "886": "中国台湾",
    "1": "美国或加拿大",
    "7": "俄罗斯或哈萨克斯坦",
    "33": "法国",
    "39": "意大利",
    "44": "英国",
    "49": "德国",
    "60": "马来西亚",
    "61": "澳大利亚",
    "65": "新加坡",
    "66": "泰国",
    "81": "日本",
    "82": "韩国",
    "84": "越南",
    "91": "印度",
    "92": "巴基斯坦",
}
"""The calling codes that a utility meets; others are shown by their code."""


@dataclass(frozen=True, slots=True)
class _Parsed:
    number: str
    extension: str
    is_mainland: bool
    national: str
    is_mobile: bool


def normalised_phone(text: str) -> str | None:
    """A mobile or land line number of any country in E.164, without its extension; None for anything else.

    Numbers of other countries begin with + or 00.
    """
    parsed = _parse(text)
    return None if parsed is None or not _reaches_somebody(parsed) else parsed.number


def contact_phone(text: str) -> str | None:
    """The spelling of a contact phone that is stored: `normalised_phone` with the extension, if any."""
    parsed = _parse(text)
    if parsed is None or not _reaches_somebody(parsed):
        return None
    return parsed.number + (f"{_EXTENSION_MARK}{parsed.extension}" if parsed.extension else "")


def is_service_number(text: str) -> bool:
    """Whether it is a hot line or another service number, which reaches no single person."""
    compact = re.sub(r"[\s()\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", text))
    if re.fullmatch(r"(?:0[0-9]{2,3})?(?:1[0-9]{2,4}|9[56][0-9]{3,6})", compact):
        return True
    parsed = _parse(text)
    return parsed is not None and not _reaches_somebody(parsed)


def verified_phone(phone: str) -> str | None:
    """A number (with + and country) that WeChat verified, in E.164; None when it is no possible number.

    It may be newer than the numbering plan of the library.
    """
    import phonenumbers

    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def number_of(stored: str) -> str:
    """A stored contact phone in E.164, without the extension."""
    return stored.partition(_EXTENSION_MARK)[0]


def extension_of(stored: str) -> str | None:
    """The extension of a stored contact phone."""
    return stored.partition(_EXTENSION_MARK)[2] or None


def shown(stored: str) -> str:
    """A stored phone as people here write it: without +86, and 转 before an extension."""
    number, extension = number_of(stored).removeprefix(f"+{MAINLAND}"), extension_of(stored)
    return f"{number}转{extension}" if extension else number


def country_of(stored: str) -> str | None:
    """The country or region of a stored phone for staff, None for the mainland."""
    if not stored.startswith("+") or stored.startswith(f"+{MAINLAND}"):
        return None
    # Calling codes are one to three digits, and none begins with another.
    codes = (stored[1 : 1 + length] for length in (1, 2, 3))
    return next((_COUNTRIES[code] for code in codes if code in _COUNTRIES), "境外")


def phone_hash(phone: str) -> str:
    """The keyed hash by which a number is found; an extension does not count."""
    return keyed_hash("phone", number_of(phone))


def _parse(text: str) -> _Parsed | None:
    """A valid number with its extension, whichever way that is written."""
    text = unicodedata.normalize("NFKC", text).strip()
    if text.startswith("00"):
        text = "+" + text[2:]
    if found := _EXTENSION.fullmatch(text):
        return _valid(found["number"], found["extension"])
    parsed = _valid(text)
    if parsed is None and (found := _HYPHENED.fullmatch(text)):
        parsed = _valid(found["number"], found["extension"])
        # A mobile has no extension: 13800000001-2 is a slip.
        return parsed if parsed is not None and not parsed.is_mobile else None
    return parsed


def _valid(text: str, extension: str = "") -> _Parsed | None:
    # Imported here: it brings the numbering plan of the world.
    import phonenumbers

    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or (extension and number.extension):
        return None
    return _Parsed(
        number=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        extension=extension or number.extension or "",
        is_mainland=str(number.country_code) == MAINLAND,
        national=phonenumbers.national_significant_number(number),
        is_mobile=phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE,
    )


def _reaches_somebody(parsed: _Parsed) -> bool:
    """Whether a mainland number is a mobile or a land line; of other countries the library has to suffice."""
    return not parsed.is_mainland or parsed.is_mobile or _FIXED_LINE.fullmatch(parsed.national) is not None
