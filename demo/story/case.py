"""One case of a story: its people do what is asked of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from demo.output.outcome import yuan
from demo.people.phone import CustomerPhone
from demo.story import evidence
from demo.story.story import StoryRun, expect

REFUSED = 422
# So many digits of a hash are enough to compare by eye.
_HASH_SHOWN = 12


class StoryCase:
    """A case that was submitted in a story."""

    def __init__(self, run: StoryRun, owner: CustomerPhone, submitted: Mapping[str, Any]) -> None:
        self.id: str = submitted["id"]
        self.number: str = submitted["number"]
        self.manager: Mapping[str, str] = submitted["manager"]
        self.owner = owner
        self._run = run

    def progress(self) -> dict[str, Any]:
        """What the owner sees."""
        answer: dict[str, Any] = self.owner.get(f"/cases/{self.id}")
        return answer

    def take(self, number: str, task_key: str) -> datetime:
        """A member of staff takes a task from the department's queue; when."""
        phone = self._run.staff[number]
        task = self._open_task(number, task_key)
        taken = phone.take(task["id"])
        expect(taken["mine"], f"{phone.person.name} 领取任务后，该任务应归其名下")
        self._run.event(f"{task['department']} {phone.person.name} 领取任务“{task['name']}”")
        return self._run.now

    def complete(
        self,
        number: str,
        task_key: str,
        outputs: Mapping[str, Any],
        note: str,
        *,
        visit_id: str | None = None,
    ) -> datetime:
        """A member of staff completes a task with what it must deliver, or by the visit for it; when."""
        phone = self._run.staff[number]
        task = self._open_task(number, task_key)
        self._bring_evidence(number, task)
        if visit_id is None:
            done = phone.complete(task["id"], outputs)
        else:
            phone.post(f"/visits/{visit_id}/completion", {"outputs": outputs})
            done = phone.get(f"/tasks/{task['id']}")
        expect(done["state"] == "done", f"任务“{task['name']}”办结后应为已办结")
        self._run.event(f"{task['department']} {phone.person.name} 办结“{task['name']}”：{note}")
        self._run.wait_for_jobs()
        return self._run.now

    def quote(self, number: str, task_key: str, measured: Mapping[str, int] | None = None) -> dict[str, Any]:
        """The manager issues a quote for a task; `measured` are numbers taken from the drawings."""
        member = self._run.staff[number].person
        task = self._open_task(number, task_key)
        asked = {} if measured is None else {"measured": measured}
        issued: dict[str, Any] = self._run.staff[number].post(f"/tasks/{task['id']}/quotes", asked)
        mark = f"（{issued['mark']}）" if issued["mark"] else ""
        self._run.event(f"{task['department']} {member.name} 出具费用清单{mark}，供客户选择")
        for option in issued["options"]:
            lines = "、".join(f"{line['name']} {yuan(line['amount_fen'])}" for line in option["lines"])
            self._run.detail(f"{option['name']}：{yuan(option['total_fen'])}（{lines}）")
        self._run.wait_for_jobs()
        return issued

    def choose(self, issued: Mapping[str, Any], option_key: str) -> dict[str, Any]:
        """The customer chooses an option of a quote on the phone; the option."""
        owner, answer = self.owner, {"quote_id": issued["id"], "option": option_key}
        kept = owner.post(f"/cases/{self.id}/quote-choice", answer)
        expect(kept["chosen_key"] == option_key, "客户选择的方案应被记录")
        chosen: dict[str, Any] = next(item for item in kept["options"] if item["key"] == option_key)
        self._run.event(
            f"客户 {owner.person.name} 在手机上选择“{chosen['name']}”，{yuan(chosen['total_fen'])}"
        )
        return chosen

    def confirm_paper(self, number: str, task_key: str, terms: Mapping[str, Any]) -> str:
        """Staff make the paper that a task requires, the customer confirms it by its hash; its number."""
        phone, owner = self._run.staff[number], self.owner
        task = self._open_task(number, task_key)
        paper = phone.post(f"/tasks/{task['id']}/papers", {"outputs": terms})
        name = f"《{paper['name']}》"
        self._run.event(f"{task['department']} {phone.person.name} 生成{name}PDF，编号 {paper['number']}")
        self._run.wait_for_jobs()
        address = f"/cases/{self.id}/papers/{paper['id']}/confirmation"
        confirmed = owner.post(address, {"sha256": paper["sha256"]})
        expect(confirmed["confirmed_at"] is not None, f"{name}应记为客户已确认")
        self._run.event(f"客户 {owner.person.name} 在手机上确认{name}")
        self._run.detail(f"{name}PDF 已确认，SHA-256 {paper['sha256'][:_HASH_SHOWN]}…")
        paper_number: str = paper["number"]
        return paper_number

    def confirm_plan(self, place: Mapping[str, float]) -> None:
        """The customer agrees to the water plan on the phone; time and place are kept with it."""
        owner, path = self.owner, f"/cases/{self.id}/plan"
        plan = owner.get(path)
        expect(plan["confirmed_at"] is None, "用水方案应等客户确认")
        agreed = owner.post(f"{path}-confirmation", {"version": plan["version"], "location": place})
        expect(agreed["agreed"] == plan["plan"], "客户确认的应是手机上看到的方案")
        self._run.event(
            f"客户 {owner.person.name} 在手机上确认用水方案："
            + "；".join(f"{item['name']} {item['value']}" for item in agreed["agreed"])
        )
        kept = self._run.staff[self.manager["number"]].get(path)
        expect(kept["location"] == place, "确认的地点应与时间一起记下")
        where = f"北纬 {place['latitude_gcj02']}、东经 {place['longitude_gcj02']}"
        self._run.detail(f"无需纸质签字：确认时间 {self._run.shown(kept['confirmed_at'])}，地点 {where}")

    def refuses(self, number: str, task_key: str, outputs: Mapping[str, Any], what: str) -> None:
        """What must not be is refused when a task is completed with it; the product says why."""
        task = self._open_task(number, task_key)
        answer = self._run.staff[number].send("POST", f"/tasks/{task['id']}/completion", {"outputs": outputs})
        expect(not answer.ok and answer.status < 500, f"{what}应被拒绝")
        faults = [fault["message"] for fault in answer.body.get("errors", ())]
        self._run.detail(f"{what}：被拒绝。{''.join(faults) or answer.body['detail']}")

    def refuses_without_outputs(self, number: str, task_key: str) -> None:
        """A task cannot be completed without what it must deliver; everything missing is named at once."""
        task = self._open_task(number, task_key)
        answer = self._run.staff[number].send("POST", f"/tasks/{task['id']}/completion", {"outputs": {}})
        required = sum(output["required"] for output in task["outputs"])
        expect(
            answer.status == REFUSED and len(answer.body["errors"]) == required,
            "缺少须填内容时不能办结，且应一次列出全部缺项",
        )
        self._run.detail(f"未填内容就想办结：被拒绝，一次列出 {required} 项缺项")

    def look(self) -> dict[str, Any]:
        """The owner opens the progress page, and agrees to the next messages there."""
        answer = self.progress()
        turn = answer["whose_turn"]["name"]
        self._run.event(f"客户 {self.owner.person.name} 查看进度：轮到“{turn}”；{answer['next_action']}")
        # Twice, for one accept is one message, and the last of a kind is kept for the most important one.
        self.owner.accept_messages(times=2)
        return answer

    def _bring_evidence(self, number: str, task: Mapping[str, Any]) -> None:
        """Upload the photos, drawings and papers that the task needs and that are not there yet."""
        phone, brought = self._run.staff[number], []
        for needed in task["documents"]:
            for _ in range(needed["at_least"] - needed["there"]):
                document = phone.upload(self.id, needed["kind"], evidence.NAME, evidence.PICTURE)
                brought.append(document["kind_name"])
        if brought:
            names = "、".join(brought)
            self._run.event(f"{task['department']} {phone.person.name} 上传{names}")

    def _open_task(self, number: str, task_key: str) -> dict[str, Any]:
        phone = self._run.staff[number]
        task = phone.task(task_key, self.id)
        expect(task, f"{phone.person.name} 的任务列表里应有“{task_key}”")
        return task or {}
