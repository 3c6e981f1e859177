"""Sums of money as people read them. Amounts are integer fen everywhere; only these texts show yuan."""

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")
FEN_OF_A_YUAN = 100
_GROUP = 10_000


def yuan(fen: int) -> str:
    """`386000` as `3,860.00元`."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), FEN_OF_A_YUAN)
    return f"{sign}{whole:,}.{rest:02d}元"


def in_capitals(fen: int) -> str:
    """`386000` as `叁仟捌佰陆拾元整`, the way a Chinese contract writes a sum so that no digit can be added.

    Raises `ValueError` for a negative sum or one of 10^18 fen and more.
    """
    whole, rest = divmod(fen, FEN_OF_A_YUAN)
    if fen < 0 or whole >= _GROUP ** len(_GROUPS):
        message = f"no sum that a contract states: {fen}"
        raise ValueError(message)
    jiao, odd = divmod(rest, 10)
    text = f"{_whole(whole)}元" if whole or not rest else ""
    if not rest:
        return f"{text}整"
    if jiao:
        text += f"{_DIGITS[jiao]}角"
    elif whole:
        text += "零"
    return text + (f"{_DIGITS[odd]}分" if odd else "整")


def _whole(number: int) -> str:
    if number == 0:
        return _DIGITS[0]
    groups = []
    while number:
        number, group = divmod(number, _GROUP)
        groups.append(group)
    text = ""
    gap = False
    for place in reversed(range(len(groups))):
        group = groups[place]
        if group == 0:
            gap = True
            continue
        # A missing thousand, or a whole group of noughts, is read as one 零.
        if text and (gap or group < _GROUP // 10):
            text += _DIGITS[0]
        text += _group(group) + _GROUPS[place]
        gap = False
    return text


def _group(number: int) -> str:
    text = ""
    gap = False
    for place in reversed(range(len(_PLACES))):
        digit = number // 10**place % 10
        if digit == 0:
            gap = bool(text)
            continue
        if gap:
            text += _DIGITS[0]
            gap = False
        text += _DIGITS[digit] + _PLACES[place]
    return text
