"""Complaining in a chat that has no buttons: what begins with the city's word for it is a complaint."""

_SEPARATORS = "：:，,。.！!；;、 \t\r\n\u3000"


def complained(text: str, word: str) -> str | None:
    """What is complained of in “投诉：…”: empty when it is the word alone, None when it is no complaint.

    Something has to stand between the word and the rest: “投诉电话是多少” is a question.
    """
    rest = text.removeprefix(word)
    if rest == text or (rest and rest[0] not in _SEPARATORS):
        return None
    return rest.strip(_SEPARATORS)


def settled(text: str, word: str) -> bool:
    """Whether somebody says with the city's word that they are content, and nothing else."""
    return text.strip(_SEPARATORS) == word
