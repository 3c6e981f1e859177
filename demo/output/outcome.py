"""What a story came to: the table of its stages, and the table of all stories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from demo.output import text_columns
from demo.output.story_record import StoryRecord

FEN_PER_YUAN = 100
DASH = "–"
_DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case at its end, as its owner is told, and the record of its story.

    `progress` is the progress page, `ledger` what was asked of the customer, `receipt` the clock statement;
    `utility_cost_fen` is what the utility bore in the customer's stead.
    """

    record: StoryRecord
    progress: Mapping[str, Any]
    ledger: Mapping[str, Any]
    receipt: Mapping[str, Any]
    utility_cost_fen: int


def stages(outcome: Outcome) -> list[str]:
    """The stages of one case in working days, both figures, and what was asked of the customer."""
    answer, ledger = outcome.progress, outcome.ledger
    rows = [["环节 stage", "承诺 promised", "已用 used", "停钟 stopped", "结果"]]
    rows += [
        [stage["name"], promised(stage), stage["used"], stage["stopped"], judged(stage)]
        for stage in answer["stages"]
    ]
    headline, whole = answer["headline"], answer["full_process"]
    lines = [*text_columns.table(rows), ""]
    if headline:
        days = short(headline["working_days"])
        lines.append(f"“{headline['name']}” 两个环节 headline：承诺 {days}，已用 {headline['used']}")
    lines += [
        f"全流程 full process：承诺 {promise(whole['min'], whole['max'])}，已用 {whole['used']}",
        f"向客户要的：{asked_for(ledger)}",
    ]
    if outcome.utility_cost_fen:
        lines.append(f"企业代客户承担：{yuan(outcome.utility_cost_fen)}")
    return [
        *lines,
        f"送达微信消息 {outcome.record.delivered} 条；客户评分 {answer['rating']} 分",
        f"日历版本 {answer['calendar_version']}",
    ]


def asked_for(ledger: Mapping[str, Any]) -> str:
    """What a customer was asked for: documents, trips, money."""
    names = "、".join(entry["what"] for entry in ledger["entries"] if entry["kind"] == _DOCUMENT)
    return (
        f"资料 {ledger['documents']} 项{f'（{names}）' if names else ''}，"
        f"跑腿 {ledger['trips']} 次，费用 {yuan(ledger['payment_fen'])}"
    )


def promised(stage: Mapping[str, Any]) -> str:
    """What was promised for a stage."""
    return "当日" if stage["same_day"] else promise(stage["promised_min"], stage["promised_max"])


def judged(stage: Mapping[str, Any]) -> str:
    """Whether a stage kept its promise; a dash where nothing is promised."""
    if stage["same_day"]:
        return "按时" if stage["completed_at"] <= stage["due_at"] else "超期"
    if stage["promised_max"] is None:
        return DASH
    return "超期" if float(stage["used"]) > float(stage["promised_max"]) else "按时"


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
        str(outcome.record.delivered),
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
