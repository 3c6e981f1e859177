"""“三零”项目, brought in by the government platform: Monday 30 March to Friday 17 April 2026.

No document, no trip, no yuan. On the way: eligibility and approval, a water plan that can't be, drawings
before budget before 项目立项, the stop that the engine holds until the site is ready, over the Tomb-Sweeping
holiday, and a road-opening permit of which only the authority's own time stops the clock.
"""

from datetime import datetime
from typing import Any

from app.domain.worktime import Stretch
from demo.output.outcome import Outcome, yuan
from demo.steps import partner_steps, road_permit, shared_steps, visits
from demo.steps.final_checks import FinalChecks
from demo.steps.road_permit import Step
from demo.stories.partner_story import PartnerStory
from demo.story.story import Story, expect

KEY = "three_zero"
MANAGER = "G002"
UTILITY_COST_FEN = 2_650_000

PLACE = {"latitude_gcj02": 36.651, "longitude_gcj02": 116.997}
# An organisation that does not exist, with a code whose check digit is right.
APPLICATION: dict[str, Any] = {
    "reference": "ZW-演示-2026-0330",
    "program": KEY,
    "answers": {
        "project_name": "泉城演示智造基地",
        "organisation": "泉城演示智造有限公司",
        "credit_code": "91370100MA3C0000X8",
        "contact_name": "招小商",
        "contact_phone": "13800000002",
        "project_stage": "signed",
        "investment_number": "ZS-演示-012",
        "district": "shizhong",
        "address": "演示大道 12 号",
        "location": PLACE,
        "use_class": "non_residential",
        "calibre": "DN25",
        "meter_count": 1,
    },
}
PERMIT = (
    Step("needed", "2026-04-07 09:10", "道路施工方案"),
    Step("surveyed", "2026-04-07 10:30", "测绘成果 演示-CH-012"),
    Step("prepared", "2026-04-07 14:00", "申请资料一套"),
    Step("handed_in", "2026-04-07 15:00", "路政受理单 演示-0407"),
    Step("received", "2026-04-10 10:00", "挖掘许可 演示-031"),
)
# By hand, in hours of seven: 09:10–10:30; to 12:00 and from 13:30; 14:00–15:00; 2, 7, 7 and 1.5 hours.
PERMIT_DAYS = {"surveyed": "0.19", "prepared": "0.29", "handed_in": "0.14", "received": "2.50"}


class _Story(PartnerStory):
    program, customer, manager = KEY, "zhaoshang", MANAGER

    def play(self) -> Outcome:
        """Play every step, in order; the result."""
        self._is_applied_for()
        self._is_approved()
        self._plan_is_made()
        self._project_is_set_up()
        self._site_is_awaited()
        self._road_is_opened()
        self._water_runs()
        self._case_closes()
        return self._sum_up()

    def _is_applied_for(self) -> None:
        run, customer = self._run, self._customer
        heading = "合作平台代客户申请", "a partner platform applies, signed"
        taken = self._platform_submits(heading, "2026-03-30 09:00", "/applications", APPLICATION, "approval")
        case = self._customer_finds_case("2026-03-30 09:20", taken["number"])
        expect(case.progress()["whose_turn"]["party"] == "customer", "代填的申请应等客户在手机上确认")
        confirmed = customer.post(f"/cases/{case.id}/confirmation")
        expect(confirmed["confirmed"], "客户应已确认代填的申请")
        run.event(f"客户 {customer.person.name} 核对平台代填的申请，在手机上确认，未提交任何资料")
        history = customer.get(f"/cases/{case.id}/timeline")["items"]
        expect(any(partner_steps.CHANNEL in line["text"] for line in history), "办理记录应写明来自哪个渠道")
        run.wait_for_jobs()
        expect(run.messages_to("报装受理通知", run.now, customer.person.name), "客户应收到受理通知")

    def _is_approved(self) -> None:
        run, case = self._run, self._case
        self._run.heading("项目审核报批", "eligibility and approval")
        run.at("2026-03-30 10:00")
        case.look()
        findings = {
            "project_stage": "signed",
            "is_investment_project": True,
            "is_new_single_meter": True,
            "stage_reached": True,
            "eligibility_decision": "eligible",
            "eligibility_grounds": "招商引资项目清单第 12 项",
        }
        unmet = {**findings, "is_investment_project": False}
        case.refuses(MANAGER, "check_eligibility", unmet, "有一项条件不符就想报批")
        case.complete(MANAGER, "check_eligibility", findings, "三项条件均符合，报集团公司审批")
        run.at("2026-03-30 11:00")
        case.take("Z001", "group_approval")
        approved = run.at("2026-03-30 14:30")
        approval = {"approval_decision": "approved", "approval_number": "演示批〔2026〕12 号"}
        case.complete("Z001", "group_approval", approval, "同意，批准文号已登记")
        self._times.hands_over("approval", "acceptance_plan", approved)
        self._run.detail("审核报批不在全流程之内；承诺的 2–9 个工作日从现在起算")

    def _plan_is_made(self) -> None:
        run, case = self._run, self._case
        self._run.heading("受理并确定用水方案", "acceptance and water plan")
        run.at("2026-03-30 14:40")
        visit = visits.book(run, case, "water_plan", "2026-03-31 09:00")
        run.at("2026-03-30 15:30")
        case.take("N001", "network_survey")
        mains = {**shared_steps.MAINS, "main_calibre_mm": 200}
        too_wide = {**mains, "outlet_calibre_mm": 300}
        case.refuses("N001", "network_survey", too_wide, "预留口比干管还粗")
        case.complete("N001", "network_survey", mains, "上门前已摸清：周边管道 DN200，预留口 DN100")
        run.at("2026-03-31 09:00")
        visit.was_reminded_of("2026-03-30 18:00", "2026-03-31 07:00")
        visit.begins(PLACE)
        visit.completes("site_visit", {"form_guided": True}, "各部门一起到现场，未要任何资料")
        case.complete(
            "D001", "design_opinion", {"opinion": "feasible", "opinion_text": "自预留口接入"}, "自预留口接入"
        )
        opinion = {
            "opinion": "conditional",
            "opinion_text": "需横穿演示大道，先办理道路挖掘审批",
            "road_permit_needed": True,
        }
        case.complete("E001", "engineering_opinion", opinion, "需要道路挖掘审批")
        run.at("2026-03-31 09:20")
        plan = {
            "chosen_calibre": "DN25",
            "plan": "自演示大道 DN100 预留口接入，DN25 水表一块",
            "survey_check": "as_prepared",
        }
        case.refuses(MANAGER, "confirm_plan", plan, "没有现场照片和草图就想定方案")
        fixed = case.complete(MANAGER, "confirm_plan", plan, "DN25 水表一块，现场核对与事先掌握一致")
        self._times.hands_over("acceptance_plan", "design", fixed)
        expect(
            not run.messages_to("任务提醒", self._times.opened["acceptance_plan"]), "半天内定方案，无需提醒"
        )
        run.at("2026-03-31 09:30")
        case.confirm_plan(PLACE)
        case.look()

    def _project_is_set_up(self) -> None:
        run, case = self._run, self._case
        self._run.heading("设计出图：图纸→预算→立项", "drawings, then budget, then 项目立项")
        expect(run.staff[MANAGER].task("budget", case.id) is None, "图纸未出，预算任务不应开始")
        run.at("2026-04-01 10:00")
        reminded = run.messages_to("任务提醒", self._times.opened["design"])
        expect(
            [(message.at, set(message.readers)) for message in reminded]
            == [(run.local("2026-04-01 09:20"), {"图小南", "图小北"})],
            "设计出图到达下限（1 个工作日）时应只提醒设计院；客户管家次日早上在“今日须知”里得知",
        )
        drawings = {"drawing_number": "演示-SJ-2026-012", "reviewed": True}
        case.complete("D001", "drawings", drawings, "图纸已审定上传")
        expect(run.staff["C001"].task("project_set_up", case.id) is None, "预算未出，立项任务不应开始")
        run.at("2026-04-01 11:00")
        budget = {"utility_cost_fen": UTILITY_COST_FEN}
        case.complete(MANAGER, "budget", budget, f"{yuan(UTILITY_COST_FEN)}，由企业承担，不向客户收取")
        run.at("2026-04-01 13:40")
        case.take("C001", "project_set_up")
        set_up = run.at("2026-04-01 15:00")
        project = {"project_number": "演示-LX-012", "set_up_at": set_up.isoformat()}
        self._times.hands_over(
            "design", "construction", case.complete("C001", "project_set_up", project, "已立项")
        )

    def _site_is_awaited(self) -> None:
        run, case = self._run, self._case
        self._run.heading("等待现场：系统自动停钟", "the clock stops until the site is ready")
        stopped_at = run.now
        told = run.messages_to("办理计时变更通知", stopped_at, self._customer.person.name)
        expect(told and told[0].fields["原因"] == "施工现场不具备施工条件", "客户应收到停钟通知，写明原因")
        run.at("2026-04-02 10:00")
        answer = case.look()
        expect(answer["clock"]["stopped"] and answer["whose_turn"]["party"] == "customer", "现场备妥前应停钟")
        shared_steps.refuses_stop(run, case, "fund_raising", "备款")
        ready_at = run.at("2026-04-07 09:00")
        followed = run.messages_to("任务提醒", stopped_at)
        expect(
            [(message.at, message.readers) for message in followed]
            == [(run.local("2026-04-03 15:00"), ("工小程",))],
            "停钟期间只在 2 个工作日后提醒工程管理部门跟进一次",
        )
        shared_steps.reads_in_the_morning(run, stopped_at, "2026-04-07", case.manager["name"])
        ready = {"site_ready_at": ready_at.isoformat()}
        case.complete("E001", "site_ready", ready, "清明假期后现场备妥，恢复计时")
        self._times.stops.append(Stretch(stopped_at, ready_at))
        case.look()

    def _road_is_opened(self) -> None:
        run, case, times = self._run, self._case, self._times
        self._run.heading("道路挖掘审批", "the road-opening permit, step by step")
        authority, days = road_permit.follow(run, case, PERMIT)
        times.stops.append(authority)
        expect(days == PERMIT_DAYS, f"各步用时应为 {PERMIT_DAYS}，产品给出 {days}")
        construction = next(stage for stage in case.look()["stages"] if stage["key"] == "construction")
        due = run.line.due(times.opened["construction"], 6, times.stops)
        expect(datetime.fromisoformat(construction["due_at"]) == due, "施工到期日应顺延两段停钟的时间")
        self._run.detail(f"施工到期日顺延为 {self._run.shown(construction['due_at'])}")

    def _water_runs(self) -> None:
        run, case = self._run, self._case
        self._run.heading("施工、验收、通水", "construction, acceptance, water-on")
        run.at("2026-04-10 10:30")
        case.take("E001", "build_and_accept")
        accepted = run.at("2026-04-13 16:00")
        acceptance = {"accepted_at": accepted.isoformat(), "acceptance_result": "passed"}
        case.complete("E001", "build_and_accept", acceptance, "一次验收合格")
        case.look()
        run.at("2026-04-14 10:30")
        meter = {
            "meter_serial": "YS-25-0012",
            "meter_calibre": "DN25",
            "meter_position": "厂区东门水表井",
            "first_reading": "0",
        }
        water_on = shared_steps.water_on(case, meter, "挂表通水")
        self._times.hands_over("construction", "return_visit", water_on)
        expect(run.messages_to("通水通知", water_on, self._customer.person.name), "客户应收到通水通知")
        case.look()

    def _case_closes(self) -> None:
        run, case = self._run, self._case
        self._run.heading("竣工归档；回访与评价", "after-work; the rated return visit")
        run.at("2026-04-15 15:00")
        shared_steps.survey_and_hand_over(run, case)
        visit = visits.book(run, case, "return_visit", "2026-04-16 10:00")
        run.at("2026-04-16 10:00")
        visit.was_reminded_of("2026-04-15 18:00", "2026-04-16 08:00")
        visit.begins(PLACE)
        shared_steps.rate(run, case, "一趟没跑，一份材料没交，一分钱没花", visit)
        closed_at = shared_steps.close(case, "客户很满意", "未跑腿、未要资料、未收费", visit)
        self._times.ended["return_visit"] = closed_at
        run.at("2026-04-17 10:00")
        shared_steps.update_gis(run, case)

    def _sum_up(self) -> Outcome:
        run, case = self._run, self._case
        checks = FinalChecks(run, case, self._times)
        checks.check_stages()
        spans = self._times.spans()
        checks.check_promises(Stretch(spans["acceptance_plan"].start, spans["construction"].end))
        ledger = checks.ledger
        asked = (ledger["documents"], ledger["trips"], ledger["payment_fen"], ledger["entries"])
        expect(asked == (0, 0, 0, []), f"应向客户要 0 项资料、0 次跑腿、0 元：{asked}")
        own = run.staff["S001"].get(f"/cases/{case.id}/ledger")
        expect(own["utility_cost_fen"] == UTILITY_COST_FEN, "企业承担的费用应记入台账")
        checks.check_receipt()
        checks.check_messages()
        checks.look_up()
        partner_steps.check_deliveries(run, self._platform, case)
        return checks.outcome(own["utility_cost_fen"])


STORY = Story(
    KEY,
    "2026-03-30 08:40",
    "招商引资企业零资料、零跑腿、零费用：平台代为申请、等待现场停钟、清明假期、道路挖掘审批",
    _Story.play_on,
)
