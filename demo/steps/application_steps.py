"""How every story begins: the staff arrive, a customer logs in and applies without paper."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from demo.people.phone import CustomerPhone
from demo.story.case import StoryCase
from demo.story.story import StoryRun, expect

# What wx.requestSubscribeMessage takes at a tap.
TEMPLATES_AT_ONCE = 3
REFUSED = 422


def staff_arrive(run: StoryRun) -> None:
    """Everybody at the utility logs in and follows the service account, before the first story."""
    if run.participants.staff_logged_in:
        return
    run.heading("员工登录并关注服务号", "staff log in")
    for phone in run.staff.values():
        session = phone.log_in()
        expect(session["name"] == phone.person.name, f"{phone.person.name} 应凭手机号绑定到本人的员工档案")
        phone.follow()
    run.wait_for_jobs()
    run.event(f"{len(run.staff)} 名员工用微信登录（无密码，凭手机号绑定），并关注服务号")
    run.participants.staff_logged_in = True


def log_in(run: StoryRun, customer: CustomerPhone, program: str) -> None:
    """A customer opens the mini-program for the first time: privacy text, phone number, messages."""
    run.heading("客户登录", "the customer logs in")
    session = customer.log_in()
    expect(not session["privacy_accepted"], "新客户应尚未同意隐私政策")
    run.event(f"客户 {customer.person.name} 打开小程序，凭微信 code 登录")
    refused = customer.send("POST", "/applications", {"program": program})
    expect(refused.body["code"] == "consent_needed", "未同意隐私政策前不能申请")
    privacy = customer.get("/privacy")
    consent = customer.post("/consents", {"version": privacy["version"]})
    run.detail(f"阅读并同意《{privacy['title']}》版本 {consent['version']}，同意时间已记录")
    run.detail(f"授权手机号：{customer.give_phone()}（页面上只显示打码号码）")
    titles = customer.accept_messages()
    expect(len(titles) == TEMPLATES_AT_ONCE, "一次应建议订阅三个模板")
    run.detail(f"允许订阅消息：{'、'.join(titles)}")


def begin_draft(
    run: StoryRun,
    customer: CustomerPhone,
    program: str,
    faulty: Mapping[str, Any],
    answers: Mapping[str, Any],
) -> str:
    """A draft, first filled in with faults that are all told at once, then properly; its address."""
    run.heading("零纸申请", "the zero-paper application")
    draft = customer.post("/applications", {"program": program})
    expect(draft["sources"] == {"contact_phone": "wechat"}, "联系电话应由微信手机号预填，并记下来源")
    run.event("新建申请：联系电话已由微信预填")
    address = f"/applications/{draft['id']}"
    answer = customer.send("PATCH", address, {"answers": faulty})
    expect(answer.status == REFUSED, "有误的填写应被拒绝")
    faults = {fault["field"]: fault["message"] for fault in answer.body["errors"]}
    expect(faults.keys() == faulty.keys(), f"应一次列出全部 {len(faulty)} 处错误，实际列出 {sorted(faults)}")
    run.event(f"第一次填写有 {len(faults)} 处错误，一次全部列出：")
    for message in faults.values():
        run.detail(message)
    saved = customer.ask("PATCH", address, {"answers": answers})
    expect(saved["sources"]["project_name"] == "customer", "客户填写的内容应记来源为客户")
    run.event("改正后保存草稿，每一项都记下来源")
    return address


def submit(run: StoryRun, customer: CustomerPhone, address: str) -> StoryCase:
    """The draft is submitted, twice, since the network is bad: one case, and its manager named at once."""
    key = uuid4().hex
    submitted = customer.post(f"{address}/submission", key=key)
    case = StoryCase(run, customer, submitted)
    run.manager = case.manager["name"]
    run.event(f"提交申请，受理编号 {case.number}")
    run.detail(f"回执当场写明客户管家：{case.manager['name']}，电话 {case.manager['phone']}")
    expect(case.manager["photo_url"], "回执应附客户管家照片")
    run.detail("回执附有客户管家照片，上门时可以核对")
    again = customer.post(f"{address}/submission", key=key)
    expect(again["id"] == case.id, "同一标识重复提交应得到同一工单")
    run.detail("网络重试，重复提交一次：还是同一个工单")
    return case
