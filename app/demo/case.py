"""One case of a story: its people do what is asked of them, and its figures are checked at the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.demo import typeset
from app.demo.phone import CustomerPhone
from app.demo.story import Telling, expect
from app.domain.worktime import Stretch, rounded

FEN_PER_YUAN = 100
LOOKUPS = "/api/v1/customer/lookups"
_DASH = "–"
# What the manager is only told in the app: WeChat has no template for it.
_IN_APP = frozenset({"quote_chosen", "paper_confirmed"})
# So many digits of a hash are enough to compare by eye.
_HASH_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Span:
    """A stage as the story lived it: from its opening to its end."""

    opened: datetime
    ended: datetime


class ToldCase:
    """A case that was submitted in a story."""

    def __init__(self, telling: Telling, owner: CustomerPhone, submitted: Mapping[str, Any]) -> None:
        self.id: str = submitted["id"]
        self.number: str = submitted["number"]
        self.manager: Mapping[str, str] = submitted["manager"]
        self._telling = telling
        self._owner = owner

    def progress(self) -> dict[str, Any]:
        """What the owner sees."""
        answer: dict[str, Any] = self._owner.get(f"/cases/{self.id}")
        return answer

    def take(self, number: str, task_key: str) -> datetime:
        """A member of staff takes a task from the department's queue; when."""
        phone = self._telling.staff[number]
        task = self._open_task(number, task_key)
        taken = phone.take(task["id"])
        expect(taken["mine"], f"{phone.person.name} 领取任务后，该任务应归其名下")
        self._telling.tell(f"{task['department']} {phone.person.name} 领取任务“{task['name']}”")
        return self._telling.now

    def complete(self, number: str, task_key: str, outputs: dict[str, Any], note: str) -> datetime:
        """A member of staff completes a task with what it must deliver; when."""
        phone = self._telling.staff[number]
        task = self._open_task(number, task_key)
        done = phone.complete(task["id"], outputs)
        expect(done["state"] == "done", f"任务“{task['name']}”办结后应为已办结")
        self._telling.tell(f"{task['department']} {phone.person.name} 办结“{task['name']}”：{note}")
        self._telling.settle()
        return self._telling.now

    def quote(self, number: str, task_key: str, option_key: str) -> dict[str, Any]:
        """The manager issues a quote for a task and the customer chooses from it; the chosen option."""
        member, owner = self._telling.staff[number].person, self._owner
        task = self._open_task(number, task_key)
        issued = self._telling.staff[number].post(f"/tasks/{task['id']}/quotes", {})
        mark = f"（{issued['mark']}）" if issued["mark"] else ""
        self._telling.tell(f"{task['department']} {member.name} 出具费用清单{mark}，供客户选择")
        for option in issued["options"]:
            lines = "、".join(f"{line['name']} {yuan(line['amount_fen'])}" for line in option["lines"])
            self._telling.narrator.detail(f"{option['name']}：{yuan(option['total_fen'])}（{lines}）")
        answer = {"quote_id": issued["id"], "option": option_key}
        kept = owner.post(f"/cases/{self.id}/quote-choice", answer)
        expect(kept["chosen_key"] == option_key, "客户选择的方案应被记录")
        chosen: dict[str, Any] = next(item for item in kept["options"] if item["key"] == option_key)
        self._telling.tell(
            f"客户 {owner.person.name} 在手机上选择“{chosen['name']}”，{yuan(chosen['total_fen'])}"
        )
        return chosen

    def confirm_paper(self, number: str, task_key: str, terms: Mapping[str, Any]) -> str:
        """Staff make the paper that a task requires, the customer confirms it by its hash; its number."""
        phone, owner = self._telling.staff[number], self._owner
        task = self._open_task(number, task_key)
        paper = phone.post(f"/tasks/{task['id']}/papers", {"outputs": terms})
        name = f"《{paper['name']}》"
        self._telling.tell(f"{task['department']} {phone.person.name} 生成{name}PDF，编号 {paper['number']}")
        address = f"/cases/{self.id}/papers/{paper['id']}/confirmation"
        confirmed = owner.post(address, {"sha256": paper["sha256"]})
        expect(confirmed["confirmed_at"] is not None, f"{name}应记为客户已确认")
        self._telling.tell(f"客户 {owner.person.name} 在手机上确认{name}")
        self._telling.narrator.detail(f"{name}PDF 已确认，SHA-256 {paper['sha256'][:_HASH_SHOWN]}…")
        paper_number: str = paper["number"]
        return paper_number

    def refuses_without_outputs(self, number: str, task_key: str) -> None:
        """A task cannot be completed without what it must deliver; everything missing is named at once."""
        task = self._open_task(number, task_key)
        answer = self._telling.staff[number].send("POST", f"/tasks/{task['id']}/completion", {"outputs": {}})
        required = sum(output["required"] for output in task["outputs"])
        expect(
            answer.status == 422 and len(answer.body["errors"]) == required,
            "缺少须填内容时不能办结，且应一次列出全部缺项",
        )
        self._telling.narrator.detail(f"未填内容就想办结：被拒绝，一次列出 {required} 项缺项")

    def look(self) -> dict[str, Any]:
        """The owner opens the progress page, and agrees to the next messages there."""
        answer = self.progress()
        turn = answer["whose_turn"]["name"]
        self._telling.tell(f"客户 {self._owner.person.name} 查看进度：轮到“{turn}”；{answer['next_action']}")
        self._owner.accept_messages()
        return answer

    def check_figures(
        self, answer: Mapping[str, Any], spans: Mapping[str, Span], stops: Sequence[Stretch]
    ) -> None:
        """Hold each stage's figures to the working-time line, asked with the story's own instants."""
        line = self._telling.line
        for stage in answer["stages"]:
            lived = spans[stage["key"]]
            counted = stops if stage["kind"] == "promised" else ()
            for name, figure in (
                ("used", line.used(lived.opened, lived.ended, counted)),
                ("stopped", line.stopped(lived.opened, lived.ended, counted)),
            ):
                expect(
                    stage[name] == str(rounded(figure)),
                    f"“{stage['name']}”{name} 应为 {rounded(figure)}，产品给出 {stage[name]}",
                )

    def check_messages(self) -> None:
        """Each message to the customer is signed by the manager, and every message arrived."""
        signed = (self.manager["name"], self.manager["phone"].removeprefix("+86"))
        unsigned = [
            message.title
            for message in self._telling.heard
            if message.to_customer
            and (message.fields.get("客户管家"), message.fields.get("联系电话")) != signed
        ]
        expect(not unsigned, f"发给客户的每条消息都应署客户管家姓名和电话：{unsigned}")
        told = self._telling.staff[self.manager["number"]].get(f"/cases/{self.id}/messages")["items"]
        undelivered = [
            message
            for message in told
            if message["state"] not in {"accepted", "delivered"} and message["kind"] not in _IN_APP
        ]
        expect(not undelivered, f"每条消息都应送达：{undelivered}")

    def look_up(self) -> None:
        """Somebody of the family asks without a login, by case number and the phone's last four digits."""
        server, digits = self._telling.server, self._owner.person.phone[-4:]
        question = {"number": self.number, "phone_last_digits": digits}
        answer = server.ask("POST", LOOKUPS, question)
        expect(answer["state"] == "closed", "凭受理编号和手机后四位应能查到进度")
        wrong = server.send("POST", LOOKUPS, {**question, "phone_last_digits": "0000"})
        expect(wrong.body["code"] == "case_not_found", "号码不符时应答“没有查到”")
        self._telling.tell(
            f"家人凭受理编号和手机后四位 {digits} 查询：已办结，客户管家 {answer['manager_name']}"
        )
        self._telling.narrator.detail(f"填错后四位：{wrong.body['detail']}")

    def tell_result(self, answer: Mapping[str, Any], ledger: Mapping[str, Any]) -> None:
        """The table of stages in working days, both figures, and what was asked of the customer."""
        narrator = self._telling.narrator
        rows = [["环节 stage", "承诺 promised", "已用 used", "停钟 stopped", "结果"]]
        rows += [
            [
                stage["name"],
                _promise(stage["promised_min"], stage["promised_max"]),
                stage["used"],
                stage["stopped"],
                _verdict(stage),
            ]
            for stage in answer["stages"]
        ]
        headline, whole = answer["headline"], answer["full_process"]
        narrator.heading("结果（工作日） the result, in working days")
        narrator.lines(typeset.table(rows))
        narrator.lines(
            [
                "",
                f"“{headline['name']}” 两个环节 headline：承诺 {_short(headline['working_days'])}，"
                f"已用 {headline['used']}",
                f"全流程 full process：承诺 {_promise(whole['min'], whole['max'])}，已用 {whole['used']}",
                f"向客户要的：资料 {ledger['documents']} 项（申请表），跑腿 {ledger['trips']} 次，"
                f"费用 {yuan(ledger['payment_fen'])}",
                f"送达微信消息 {narrator.messages} 条；客户评分 {answer['rating']} 分",
                f"日历版本 {answer['calendar_version']}",
            ]
        )

    def asked_of_customer(self) -> dict[str, Any]:
        """The zero-paper ledger."""
        ledger: dict[str, Any] = self._owner.get(f"/cases/{self.id}/ledger")
        return ledger

    def _open_task(self, number: str, task_key: str) -> dict[str, Any]:
        phone = self._telling.staff[number]
        task = phone.task(task_key, self.id)
        expect(task, f"{phone.person.name} 的任务列表里应有“{task_key}”")
        return task or {}


def yuan(fen: int) -> str:
    """A sum of fen in yuan, as people read it."""
    whole, rest = divmod(fen, FEN_PER_YUAN)
    return f"{whole:,}.{rest:02d} 元"


def _promise(lower: str | None, upper: str | None) -> str:
    if upper is None:
        return _DASH
    if lower is None or lower == upper:
        return _short(upper)
    return f"{_short(lower)}{_DASH}{_short(upper)}"


def _short(days: str) -> str:
    return days.rstrip("0").rstrip(".")


def _verdict(stage: Mapping[str, Any]) -> str:
    if stage["promised_max"] is None:
        return _DASH
    return "超期" if float(stage["used"]) > float(stage["promised_max"]) else "按时"
