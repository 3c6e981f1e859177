"""What a story came to, and the table of all that were told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from demo import text_columns

FEN_PER_YUAN = 100
DASH = "–"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case at its end: the owner's progress page, the ledger, and how many messages reached phones."""

    progress: Mapping[str, Any]
    ledger: Mapping[str, Any]
    messages: int


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """A row for each program: what was promised, what it took, and what was asked of the customer."""
    heads = ["业务", "承诺", "已用", "两环节", "资料", "跑腿", "费用（元）", "微信消息"]
    return text_columns.table([heads, *(_row(outcome) for outcome in outcomes)])


def _row(outcome: Outcome) -> list[str]:
    progress, ledger = outcome.progress, outcome.ledger
    whole, headline = progress["full_process"], progress["headline"]
    return [
        progress["program"]["name"],
        promise(whole["min"], whole["max"]),
        whole["used"],
        f"“{headline['name']}” {headline['used']}/{short(headline['working_days'])}" if headline else DASH,
        str(ledger["documents"]),
        str(ledger["trips"]),
        yuan(ledger["payment_fen"]).removesuffix(" 元"),
        str(outcome.messages),
    ]


def yuan(fen: int) -> str:
    """A sum of fen in yuan, as people read it."""
    whole, rest = divmod(fen, FEN_PER_YUAN)
    return f"{whole:,}.{rest:02d} 元"


def promise(lower: str | None, upper: str | None) -> str:
    """A promised span of working days, such as `3–10`."""
    if upper is None:
        return DASH
    if lower is None or lower == upper:
        return short(upper)
    return f"{short(lower)}{DASH}{short(upper)}"


def short(days: str) -> str:
    """Working days without zeros that say nothing."""
    return days.rstrip("0").rstrip(".")
