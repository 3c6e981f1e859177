"""签订协议、缴纳费用 of a residential quarter: the gate that only the customer opens.

The clock stands while the customer thinks about the estimate and readies the site (two stops that count
once), and after the agreement until 财务部 records the payment.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain.worktime import Stretch
from demo.output.outcome import yuan
from demo.story.case import StoryCase
from demo.story.stage_times import StageTimes
from demo.story.story import StoryRun, expect

CASHIER = "F001"
STAGE = "agreement_payment"


def pass_through(run: StoryRun, case: StoryCase, times: StageTimes, issued: Mapping[str, Any]) -> datetime:
    """From the issued estimate to the agreement in the hands of 工程管理; when."""
    run.heading("签订协议、缴纳费用", "agreement and payment: the gate")
    _is_accepted(run, case, issued)
    _site_is_ready(run, case)
    ready_at = run.now
    times.stops.append(Stretch(times.opened[STAGE], ready_at))
    _is_signed(run, case)
    signed_at = run.now
    _is_paid(run, case, issued["options"][0]["total_fen"])
    times.stops.append(Stretch(signed_at, run.now))
    passed_at = run.at("2026-05-28 16:00")
    passed = {"passed_at": passed_at.isoformat()}
    return case.complete(case.manager["number"], "pass_agreement", passed, "协议已传递，安排进场")


def _is_accepted(run: StoryRun, case: StoryCase, issued: Mapping[str, Any]) -> None:
    accepted_at = run.at("2026-05-22 09:00")
    answer = case.look()
    expect(answer["clock"]["stopped"] and answer["whose_turn"]["party"] == "customer", "应等客户并停钟")
    manager, accepted = case.manager["number"], {"estimate_accepted_at": accepted_at.isoformat()}
    case.refuses(manager, "estimate_accepted", accepted, "客户还没有认可就想办结")
    case.choose(issued, issued["options"][0]["key"])
    case.complete(manager, "estimate_accepted", accepted, "客户认可概算，现场尚未备妥，继续停钟")
    expect(case.progress()["clock"]["stopped"], "现场备妥之前应继续停钟")


def _site_is_ready(run: StoryRun, case: StoryCase) -> None:
    ready_at = run.at("2026-05-25 09:00")
    ready = {"site_ready_at": ready_at.isoformat()}
    case.complete(case.manager["number"], "site_ready", ready, "现场备妥，恢复计时；两段停钟重叠，只算一次")
    expect(not case.look()["clock"]["stopped"], "概算认可且现场备妥后应恢复计时")


def _is_signed(run: StoryRun, case: StoryCase) -> None:
    signed_at = run.at("2026-05-25 10:30")
    manager = case.manager["number"]
    number = case.confirm_paper(manager, "sign_agreement", {})
    signed = {"signed_at": signed_at.isoformat()}
    case.complete(manager, "sign_agreement", signed, f"协议 {number} 已签，通知客户备款")
    expect(case.progress()["clock"]["reason"] == "备款", "签订协议后应自动因备款停钟")


def _is_paid(run: StoryRun, case: StoryCase, price_fen: int) -> None:
    run.at("2026-05-26 10:00")
    case.look()
    run.at("2026-05-28 14:30")
    payment = {"paid_fen": price_fen, "receipt_number": "演示-SJ-9020"}
    case.refuses(CASHIER, "payment", {**payment, "paid_fen": price_fen - 100}, "少收 1 元就想入账")
    case.complete(CASHIER, "payment", payment, f"实收 {yuan(price_fen)}，恢复计时")
    case.look()
