"""Which case somebody means who has several: what they answer to the numbered question."""

import re

_NUMBER = re.compile(r"\s*(?:第|选)?\s*([0-9０-９]{1,2}|[一二两三四五六七八九十])\s*[个项号.、。]?\s*")
_WORDS = dict(zip("一二三四五六七八九十", range(1, 11), strict=True)) | {"两": 2}


def chosen(text: str, choices: int) -> int | None:
    """The place (from 0) that an answer such as “2”, “２” or “第二项” names; None when it names none."""
    number = _number(text)
    return number - 1 if number is not None and 1 <= number <= choices else None


def misses(text: str, choices: int) -> bool:
    """Whether an answer names a number, and one that was not among the choices."""
    return _number(text) is not None and chosen(text, choices) is None


def _number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    # int() reads full-width digits as well.
    return _WORDS.get(found[1]) or int(found[1])


def question(names: list[str]) -> str:
    """The numbered choices, in one line each."""
    return "\n" + "\n".join(f"{number}. {name}" for number, name in enumerate(names, start=1))
