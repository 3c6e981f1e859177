"""签订协议、缴纳费用 of a residential quarter: the gate that only the customer opens.

The clock stands while the customer thinks about the estimate and readies the site (two stops that count
once), and after the agreement until 财务部 records the payment.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain.worktime import Stretch
from demo.case import ToldCase
from demo.course import Course
from demo.outcome import yuan
from demo.story import Telling, expect

CASHIER = "F001"
STAGE = "agreement_payment"


def pass_through(telling: Telling, case: ToldCase, course: Course, issued: Mapping[str, Any]) -> datetime:
    """From the issued estimate to the agreement in the hands of 工程管理; when."""
    telling.narrator.heading("签订协议、缴纳费用 agreement and payment: the gate")
    _is_accepted(telling, case, issued)
    _site_is_ready(telling, case)
    ready_at = telling.now
    course.stops.append(Stretch(course.opened[STAGE], ready_at))
    _is_signed(telling, case)
    signed_at = telling.now
    _is_paid(telling, case, issued["options"][0]["total_fen"])
    course.stops.append(Stretch(signed_at, telling.now))
    passed_at = telling.at("2026-05-28 16:00")
    passed = {"passed_at": passed_at.isoformat()}
    return case.complete(case.manager["number"], "pass_agreement", passed, "协议已传递，安排进场")


def _is_accepted(telling: Telling, case: ToldCase, issued: Mapping[str, Any]) -> None:
    accepted_at = telling.at("2026-05-22 09:00")
    answer = case.look()
    expect(answer["clock"]["stopped"] and answer["whose_turn"]["party"] == "customer", "应等客户并停钟")
    manager, accepted = case.manager["number"], {"estimate_accepted_at": accepted_at.isoformat()}
    case.refuses(manager, "estimate_accepted", accepted, "客户还没有认可就想办结")
    case.choose(issued, issued["options"][0]["key"])
    case.complete(manager, "estimate_accepted", accepted, "客户认可概算，现场尚未备妥，继续停钟")
    expect(case.progress()["clock"]["stopped"], "现场备妥之前应继续停钟")


def _site_is_ready(telling: Telling, case: ToldCase) -> None:
    ready_at = telling.at("2026-05-25 09:00")
    ready = {"site_ready_at": ready_at.isoformat()}
    case.complete(case.manager["number"], "site_ready", ready, "现场备妥，恢复计时；两段停钟重叠，只算一次")
    expect(not case.look()["clock"]["stopped"], "概算认可且现场备妥后应恢复计时")


def _is_signed(telling: Telling, case: ToldCase) -> None:
    signed_at = telling.at("2026-05-25 10:30")
    manager = case.manager["number"]
    number = case.confirm_paper(manager, "sign_agreement", {})
    signed = {"signed_at": signed_at.isoformat()}
    case.complete(manager, "sign_agreement", signed, f"协议 {number} 已签，通知客户备款")
    expect(case.progress()["clock"]["reason"] == "备款", "签订协议后应自动因备款停钟")


def _is_paid(telling: Telling, case: ToldCase, price_fen: int) -> None:
    telling.at("2026-05-26 10:00")
    case.look()
    telling.at("2026-05-28 14:30")
    payment = {"paid_fen": price_fen, "receipt_number": "演示-SJ-9020"}
    case.refuses(CASHIER, "payment", {**payment, "paid_fen": price_fen - 100}, "少收 1 元就想入账")
    case.complete(CASHIER, "payment", payment, f"实收 {yuan(price_fen)}，恢复计时")
    case.look()
