"""A visit of a story: booked on the phone, reminded of, compared at the door, checked in, done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from demo.story.case import StoryCase
from demo.story.story import StoryRun, expect

TOLD_CUSTOMER, TOLD_STAFF = "上门预约通知", "上门任务通知"
# Across the city from every place of the stories.
FAR = {"latitude_gcj02": 36.55, "longitude_gcj02": 116.75}
REFUSED = 422
# Booked, the evening before, two hours before: one accept is one message.
MESSAGES_OF_A_VISIT = 3


class StoryVisit:
    """A visit that the customer booked in a story."""

    def __init__(self, run: StoryRun, case: StoryCase, booked: Mapping[str, Any]) -> None:
        self.id: str = booked["id"]
        self.starts_at = datetime.fromisoformat(booked["starts_at"])
        self.lead: str = booked["visitors"][0]["name"]
        self.lead_number = next(
            number for number, member in run.staff.items() if member.person.name == self.lead
        )
        self._name: str = booked["purpose_name"]
        self._run = run
        self._case = case
        self._booked_at = run.now

    def was_reminded_of(self, *moments: str) -> None:
        """The customer and who leads the visit were told of it again at exactly these moments."""
        expected = [self._run.local(moment) for moment in moments]
        for reader, title in (
            (self._case.owner.person.name, TOLD_CUSTOMER),
            (self.lead, TOLD_STAFF),
        ):
            received = self._run.messages_to(title, self._booked_at, reader)
            found = [message.at for message in received if message.at > self._booked_at]
            expect(found == expected, f"{reader} 应在 {expected} 收到上门提醒，实际 {found}")

    def begins(self, place: Mapping[str, float]) -> None:
        """Everybody who comes stands at the door: the codes agree, and each checks in with the place."""
        run, owner = self._run, self._case.owner
        shown = owner.get(f"/cases/{self._case.id}/visits/{self.id}/pass")
        numbers = [visitor["number"] for visitor in shown["visitors"]]
        for number in numbers:
            theirs = run.staff[number].get(f"/visits/{self.id}")["code"]
            expect(theirs == shown["code"], "客户和来人手机上的到访码应一致")
        people = "、".join(f"{visitor['name']}（{visitor['number']}）" for visitor in shown["visitors"])
        run.event(f"客户 {owner.person.name} 开门前核对到访码 {shown['code']}：与来人一致，{people}")
        self._refuses_to_be_elsewhere(numbers[0])
        for number in numbers:
            run.staff[number].post(f"/visits/{self.id}/arrival", {"position": place})
        arrived = run.staff[numbers[0]].get(f"/visits/{self.id}")["visit"]["visitors"]
        expect(all(visitor["arrived_at"] for visitor in arrived), "每位上门人员都应登记到达")
        run.event(f"{len(numbers)} 人在门口登记到达：时间、定位已记下")

    def completes(self, task_key: str, outputs: Mapping[str, Any], note: str) -> datetime:
        """Who leads it completes the visit and with it the stage's task, in one step; when."""
        case = self._case
        done_at = case.complete(self.lead_number, task_key, outputs, note, visit_id=self.id)
        told = case.owner.get(f"/cases/{case.id}/visits/{self.id}")
        expect(told["state"] == "done", "办结任务的同时，上门应记为已完成")
        return done_at

    def _refuses_to_be_elsewhere(self, number: str) -> None:
        refused = self._run.staff[number].send("POST", f"/visits/{self.id}/arrival", {"position": FAR})
        expect(refused.status == REFUSED, "离用水地点太远时不能登记到达")
        self._run.detail(f"没到门口就想登记到达：被拒绝。{refused.body['errors'][0]['message']}")


def book(run: StoryRun, case: StoryCase, purpose: str, starts: str) -> StoryVisit:
    """The customer looks at the openings, holds one and confirms it; consents to messages on the way."""
    owner, path = case.owner, f"/cases/{case.id}"
    starts_at = run.local(starts)
    openings = owner.get(f"{path}/openings/{purpose}")
    owner.accept_messages("visit")
    run.event(
        f"客户 {owner.person.name} 打开“预约上门”：{openings['purpose_name']}，"
        f"有 {len(openings['items'])} 个各方都有空的时间"
    )
    wanted = [item for item in openings["items"] if datetime.fromisoformat(item["starts_at"]) == starts_at]
    expect(wanted, f"{starts} 应可预约")
    held = owner.post(f"{path}/visits", {"purpose": purpose, "starts_at": wanted[0]["starts_at"]})
    owner.accept_messages("visit")
    until = datetime.fromisoformat(held["hold_until"]).astimezone(run.line.zone)
    run.detail(f"选定 {starts}，为其保留到 {until:%H:%M}")
    confirmed = owner.post(f"{path}/visits/{held['id']}/confirmation")
    owner.accept_messages("visit")
    expect(confirmed["state"] == "confirmed", "确认后预约应生效")
    people = "、".join(f"{visitor['department']} {visitor['name']}" for visitor in confirmed["visitors"])
    run.event(f"客户 {owner.person.name} 确认预约 {starts}，上门人员：{people}")
    if confirmed["after_due"]:
        run.detail("该时间晚于承诺的期限：页面已注明，客户自选并留痕，时钟照走不停")
    visit = StoryVisit(run, case, confirmed)
    run.wait_for_jobs()
    return visit


def book_by_phone(run: StoryRun, case: StoryCase, purpose: str, starts: str) -> StoryVisit:
    """The manager telephones and books at once, without a hold; the customer accepts messages."""
    owner, manager = case.owner, run.staff[case.manager["number"]]
    owner.accept_messages("visit", times=MESSAGES_OF_A_VISIT)
    wanted = {"purpose": purpose, "starts_at": run.local(starts).isoformat()}
    booked = manager.post(f"/cases/{case.id}/visits", wanted)["visit"]
    expect(booked["state"] == "confirmed", "代客户预约应直接生效")
    run.event(f"客户管家 {manager.person.name} 致电客户，代为预约{booked['purpose_name']} {starts}")
    visit = StoryVisit(run, case, booked)
    run.wait_for_jobs()
    return visit
