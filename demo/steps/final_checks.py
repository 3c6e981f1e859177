"""What the product says of a case at its end, held to the calendar and to itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from app.domain.worktime import Stretch, rounded
from demo.output.outcome import Outcome, short
from demo.story.case import StoryCase
from demo.story.stage_times import StageTimes
from demo.story.story import StoryRun, expect

LOOKUPS = "/api/v1/customer/lookups"


class FinalChecks:
    """The audit of one case, as its customer and a supervisor could do it."""

    def __init__(self, run: StoryRun, case: StoryCase, times: StageTimes) -> None:
        self._run = run
        self._case = case
        self._times = times
        self.progress = case.progress()
        self.ledger: dict[str, Any] = case.owner.get(f"/cases/{case.id}/ledger")
        self._receipt: dict[str, Any] = case.owner.get(f"/cases/{case.id}/receipt")

    def check_stages(self) -> None:
        """Hold each stage's figures to the working-time line, asked with the story's own instants."""
        line, spans = self._run.line, self._times.spans()
        for stage in self.progress["stages"]:
            start, end = spans[stage["key"]]
            counted = self._times.stops if stage["kind"] == "promised" else ()
            for name, figure in (
                ("used", line.used(start, end, counted)),
                ("stopped", line.stopped(start, end, counted)),
            ):
                expect(
                    stage[name] == str(rounded(figure)),
                    f"“{stage['name']}”{name} 应为 {rounded(figure)}，产品给出 {stage[name]}",
                )

    def check_promises(self, whole: Stretch, headline: Sequence[Stretch] = ()) -> None:
        """Hold the full process, and the headline of programs that have one, to calendar and promise."""
        answer, used = self.progress, self._times.used([whole])
        shown = answer["full_process"]
        expect(shown["used"] == str(rounded(used)), "全流程的已用工作日应与日历一致")
        expect(used <= Fraction(shown["max"]), f"本例应兑现全流程 {short(shown['max'])} 个工作日的承诺")
        if not headline:
            expect(answer["headline"] is None, "方案没有给这项业务口号，产品不应自造")
            return
        days = self._times.used(headline)
        shown = answer["headline"]
        expect(shown["used"] == str(rounded(days)), f"“{shown['name']}”的已用工作日应与日历一致")
        expect(days <= Fraction(shown["working_days"]), f"本例应兑现“{shown['name']}”的承诺")

    def check_receipt(self) -> None:
        """Add up the clock receipt day by day: its exact sums are the figures that are shown elsewhere."""
        answer = self.progress
        receipt = self._receipt
        _adds_up("全流程", receipt["full_process"]["receipt"], answer["full_process"]["used"])
        if answer["headline"]:
            _adds_up("两个环节", receipt["headline"]["receipt"], answer["headline"]["used"])
        shown = {stage["key"]: stage for stage in answer["stages"]}
        for stage in receipt["stages"]:
            _adds_up(stage["name"], stage["receipt"], shown[stage["key"]]["used"])
        whole = receipt["full_process"]["receipt"]
        counted = sum(1 for day in whole["days"] if day["share_exact"] != "0")
        self._run.event(
            f"客户 {self._case.owner.person.name} 打开计时清单，逐日相加："
            f"{len(whole['days'])} 天中 {counted} 天计时，合计恰为 {whole['used_exact']} 个工作日"
        )
        self._run.detail(f"四舍五入一次得 {whole['used']}，与进度页一致")

    def check_messages(self) -> None:
        """Each message to the customer is signed by the manager, and every message arrived."""
        manager = self._case.manager
        signed = (manager["name"], manager["phone"].removeprefix("+86"))
        unsigned = [
            message.title
            for message in self._run.record.messages
            if message.to_customer
            and (message.fields.get("客户管家"), message.fields.get("联系电话")) != signed
        ]
        expect(not unsigned, f"发给客户的每条消息都应署客户管家姓名和电话：{unsigned}")
        told = self._run.staff[manager["number"]].get(f"/cases/{self._case.id}/messages")["items"]
        undelivered = [message for message in told if not _is_heard(message, self._run.now)]
        expect(not undelivered, f"每条消息都应送达：{undelivered}")

    def look_up(self) -> None:
        """Somebody of the family asks without a login, by case number and the phone's last four digits."""
        server, digits = self._run.server, self._case.owner.person.phone[-4:]
        question = {"number": self._case.number, "phone_last_digits": digits}
        answer = server.ask("POST", LOOKUPS, question)
        expect(answer["state"] == "closed", "凭受理编号和手机后四位应能查到进度")
        wrong = server.send("POST", LOOKUPS, {**question, "phone_last_digits": "0000"})
        expect(wrong.body["code"] == "case_not_found", "号码不符时应答“没有查到”")
        self._run.event(
            f"家人凭受理编号和手机后四位 {digits} 查询：已办结，客户管家 {answer['manager_name']}"
        )
        self._run.detail(f"填错后四位：{wrong.body['detail']}")

    def outcome(self, utility_cost_fen: int = 0) -> Outcome:
        """What the story came to; `utility_cost_fen` is what the utility bore in the customer's stead."""
        return Outcome(
            record=self._run.record,
            progress=self.progress,
            ledger=self.ledger,
            receipt=self._receipt,
            utility_cost_fen=utility_cost_fen,
        )


def _is_heard(message: Mapping[str, Any], now: datetime) -> bool:
    """Whether it arrived alone, or stood in a morning's message unless it was no longer true by then.

    What was gathered today waits for the next morning.
    """
    if message["channel"] == "digest":
        today = (now - datetime.fromisoformat(message["created_at"])) < timedelta(days=1)
        return message["settled_at"] is not None or today
    return message["state"] in {"accepted", "delivered"}


def _adds_up(name: str, written: Mapping[str, Any], shown: str) -> None:
    exact = sum((Fraction(day["share_exact"]) for day in written["days"]), Fraction(0))
    expect(exact == Fraction(written["used_exact"]), f"“{name}”计时清单逐日相加应等于其合计")
    expect(str(rounded(exact)) == shown, f"“{name}”计时清单合计应与进度页一致")
