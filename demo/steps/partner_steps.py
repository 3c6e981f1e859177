"""A case that a partner platform brings in: only when signed, and told of what becomes of it."""

from typing import Any

from demo.people.partner_platform import Platform
from demo.people.phone import CustomerPhone
from demo.story.case import StoryCase
from demo.story.story import StoryRun, expect

CHANNEL = "政务服务平台"
CAPABILITIES = ("application", "consultation", "progress")
UNAUTHORIZED = 401


def register(run: StoryRun) -> Platform:
    """The utility's IT adds the platform by the product's own command, once, and hands its key over."""
    participants = run.participants
    if participants.platform_key:
        run.event("合作平台“演示政务服务平台”早已登记，沿用当时交接的签名密钥")
        return Platform(run.server, participants.platform_key, lambda: run.now)
    may = [word for capability in CAPABILITIES for word in ("--capability", capability)]
    participants.platform_key = run.command(
        *("partners", "add", "--key", "government", "--name", "演示政务服务平台"),
        *("--channel-name", CHANNEL, "--webhook-url", participants.webhooks.url, *may),
    )
    run.event("信息部门登记合作平台“演示政务服务平台”：签名密钥只显示一次，当面交接")
    return Platform(run.server, participants.platform_key, lambda: run.now)


def submit_matter(run: StoryRun, platform: Platform, path: str, document: dict[str, Any]) -> dict[str, Any]:
    """The platform submits a matter: a wrong signature is refused, and so is a repeated one; the answer."""
    forged = {**platform.sign("POST", path, document), "X-Signature": "0" * 64}
    refused = platform.send_signed("POST", path, document, forged)
    expect(refused.status == UNAUTHORIZED, "签名有误的请求应被拒绝")
    headers = platform.sign("POST", path, document)
    taken = platform.send_signed("POST", path, document, headers)
    expect(taken.ok and not taken.body["repeated"], f"签名无误的请求应被受理：{taken.body}")
    answer: dict[str, Any] = taken.body
    run.manager = answer["manager_name"]
    run.event(f"{CHANNEL}转来“{_name(document)}”（HMAC 签名），受理编号 {answer['number']}")
    run.detail(f"应答当场写明客户管家：{answer['manager_name']}，电话 {answer['manager_phone']}")
    run.detail(f"伪造签名：被拒绝。{refused.body['detail']}")
    replayed = platform.send_signed("POST", path, document, headers)
    expect(replayed.status == UNAUTHORIZED, "原样重放的请求应被拒绝")
    run.detail(f"原样重放：被拒绝。{replayed.body['detail']}")
    again = platform.ask("POST", path, document)
    expect((again["number"], again["repeated"]) == (answer["number"], True), "同一来文应得到同一工单")
    run.detail("平台重新签名再发一次同一来文：还是同一个工单")
    return answer


def find_case(run: StoryRun, customer: CustomerPhone, number: str) -> StoryCase:
    """Whoever proves the phone of the matter finds the case in the mini-program; nothing is looked for."""
    mine = customer.get("/cases")["items"]
    expect([case["number"] for case in mine] == [number], "凭手机号登录后，工单应已在客户名下")
    case = StoryCase(run, customer, customer.get(f"/cases/{mine[0]['id']}"))
    run.event(f"客户 {customer.person.name} 打开“我的报装”：工单 {number} 已在名下，客户管家 {run.manager}")
    return case


def check_deliveries(run: StoryRun, platform: Platform, case: StoryCase) -> None:
    """The platform was told of each change, signed with its own key and without personal data."""
    told = run.participants.webhooks.deliveries_until(case.number, "case_closed")
    events = [said.content["event"] for said in told]
    expect({"water_on", "case_closed"} <= set(events), f"平台应收到通水、办结等每次变化：{events}")
    expect(all(platform.verifies(said) for said in told), "发给平台的每条通知都应可凭密钥验签")
    private = (case.owner.person.phone, case.owner.person.name)
    expect(not any(word in said.body.decode() for said in told for word in private), "通知不应含个人信息")
    done = [said.content["stage"]["name"] for said in told if said.content["event"] == "stage_completed"]
    run.event(f"{CHANNEL}共收到 {len(told)} 条签名通知，逐条验签无误，不含个人信息")
    run.detail(f"已完成环节：{'、'.join(done)}")
    answer = platform.ask("GET", f"/cases/{case.number}/progress")
    expect(answer["state"] == "closed", "平台查询进度应为已办结")


def _name(document: dict[str, Any]) -> str:
    return str(document.get("project_name") or document["answers"]["project_name"])
