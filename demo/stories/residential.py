"""新建居民住宅小区, from a plan that is asked about to running water: Monday 20 April to Monday 13 July 2026.

On the way: five departments asked at once and answering the same day, the form completed at the door, “222”
with its own budget and warning, a stop that the customer disputes and a supervisor strikes, the gate of
estimate, site and payment with the stops that the engine holds, Labour Day with its make-up Saturday, the
Dragon Boat Festival.
"""

from datetime import datetime
from typing import Any

from app.domain.worktime import Stretch
from demo.output.outcome import Outcome
from demo.steps import agreement_payment, disputes, early_service, partner_steps, shared_steps, visits
from demo.steps.final_checks import FinalChecks
from demo.stories.partner_story import PartnerStory
from demo.story.story import Story, StoryRun, expect

KEY = "residential"
MANAGER = "G004"
HOUSEHOLDS = 480

PLACE = {"latitude_gcj02": 36.68, "longitude_gcj02": 117.10}
CONSULTATION: dict[str, Any] = {
    "reference": "ZW-演示-2026-0420",
    "program": KEY,
    "project_name": "泉城演示花园",
    "organisation": "泉城演示置业有限公司",
    "contact_name": "安小居",
    "contact_phone": "13800000003",
    "district": "licheng",
    "address": "演示北路 20 号",
    "location": PLACE,
    "planned_facilities": ["二次供水泵房一座", "消防水池 300 立方米"],
}
# What the form asks besides, filled in by the manager at the door.
FORM: dict[str, Any] = {
    "credit_code": "91370100MA3C0000X8",
    "households_multi_storey": 0,
    "households_high_rise": HOUSEHOLDS,
    "use_class": "residential",
    "calibre": "DN100",
    "meter_count": 1,
    "pump_rooms": 1,
    "buildings": [
        {"number": f"{number} 号楼", "units": 2, "floors": 30, "households_per_floor": 2}
        for number in range(1, 5)
    ],
}
# By hand: 480 households, 8 units of risers, a pump room, 380 m of main.
ESTIMATE_FEN = 480 * 116_000 + 8 * 1_860_000 + 24_500_000 + 380 * 42_000


class _Story(PartnerStory):
    program, customer, manager = KEY, "anju", MANAGER

    def __init__(self, run: StoryRun) -> None:
        super().__init__(run)
        self._issued: dict[str, Any] = {}

    def play(self) -> Outcome:
        """Play every step, in order; the result."""
        self._plan_is_asked_about()
        self._departments_answer()
        self._form_is_completed()
        self._plan_is_made()
        self._stop_is_disputed()
        self._drawings_and_estimate()
        self._gate_is_passed()
        self._quarter_is_built()
        self._water_runs()
        self._case_closes()
        return self._sum_up()

    def _plan_is_asked_about(self) -> None:
        run, stage = self._run, "information_transfer"
        heading = "设计方案意见征询：提前服务", "a plan is asked about: early service"
        taken = self._platform_submits(heading, "2026-04-20 09:30", "/consultations", CONSULTATION, stage)
        asked_at = self._times.opened[stage]
        closing = run.local("2026-04-20 17:00")
        expect(datetime.fromisoformat(taken["due_at"]) == closing, "各部门应在当日下班前答复")
        told = [message for message in run.messages_to("新任务通知", asked_at) if message.at == asked_at]
        readers = {name for message in told for name in message.readers}
        five = {run.staff[number].person.name for number in ("C001", "D001", "E001", "N001", "M001")}
        expect(five <= readers, f"五个部门应同时收到任务，实际通知 {sorted(readers)}")
        self._run.detail("五个部门同时收到任务，当日 17:00 到期")
        self._customer_finds_case("2026-04-20 09:50", taken["number"])

    def _departments_answer(self) -> None:
        run, case, times = self._run, self._case, self._times
        self._run.heading("信息传递（当日）", "information transfer, the same day")
        early_service.departments_answer(run, case, times.opened["information_transfer"])
        times.hands_over("information_transfer", "acceptance_plan", run.now)
        self._run.detail("五个部门当日答复齐全，承诺的 60 个工作日从现在起算")

    def _form_is_completed(self) -> None:
        run, case = self._run, self._case
        self._run.heading("上门补全申请表", "the form is completed at the door")
        visit = visits.book(run, case, "water_plan", "2026-04-21 10:00")
        # Known before anybody drives to the customer.
        mains = {**shared_steps.MAINS, "main_calibre_mm": 400, "outlet_calibre_mm": 200}
        case.complete("N001", "network_survey", mains, "周边管道 DN400，预留口 DN200")
        begun_at = run.at("2026-04-21 10:00")
        visit.was_reminded_of("2026-04-20 18:00", "2026-04-21 08:00")
        visit.begins(PLACE)
        guided = {"visited_at": begun_at.isoformat(), "form_guided": True}
        case.refuses(MANAGER, "site_visit", guided, "申请表还没有补全就想办结上门受理")
        early_service.complete_form(run, case, FORM)
        self._documents_are_two()
        run.at("2026-04-21 11:00")
        visit.completes("site_visit", {"form_guided": True}, "各部门一起到现场")

    def _documents_are_two(self) -> None:
        run, case = self._run, self._case
        requests = f"/cases/{case.id}/document-requests"
        run.staff[MANAGER].post(requests, {"document": "project_drawings"})
        drawings = self._customer.upload(case.id, "project_drawings", "总平面图.pdf", shared_steps.PAPER)
        run.event(f"客户 {self._customer.person.name} 在手机上传{drawings['kind_name']}（PDF）")
        refused = run.staff[MANAGER].send("POST", requests, {"document": "other"})
        expect(refused.body["code"] == "document_not_allowed", "承诺 2 项资料，不能再要第三项")
        self._run.detail(f"想再要一项资料：被拒绝。{refused.body['detail']}")

    def _plan_is_made(self) -> None:
        run, case, times = self._run, self._case, self._times
        self._run.heading("受理并确定用水方案；“222”预警", "the plan, and the headline's warning")
        run.at("2026-04-21 14:00")
        case.complete(
            "D001", "design_opinion", {"opinion": "feasible", "opinion_text": "两路接入"}, "两路接入"
        )
        opinion = {
            "opinion": "feasible",
            "opinion_text": "沿规划路敷设",
            "road_permit_needed": False,
        }
        case.complete("E001", "engineering_opinion", opinion, "无需道路挖掘审批")
        fixed_at = run.at("2026-04-22 11:00")
        # Half a day before two are gone: 1.5 working days after Monday 15:00, counted by hand.
        warned = [
            (message.at, message.readers)
            for message in run.messages_to("工单提醒", times.opened["acceptance_plan"])
            if "222" in message.fields["提醒事项"]
        ]
        expect(
            warned == [(run.local("2026-04-22 10:00"), (case.manager["name"],))],
            f"“222”的 2 个工作日用完前半天应提醒客户管家：{warned}",
        )
        left = run.staff[MANAGER].get(f"/cases/{case.id}/budget")["headline"]
        expect((left["used"], left["left"]) == ("1.64", "0.36"), f"“222”应已用 1.64、还剩 0.36：{left}")
        run.event(
            f"客户管家 {case.manager['name']} 查看承诺余量：“222”已用 {left['used']}，还剩 {left['left']}"
        )
        plan = {
            "chosen_calibre": "DN100",
            "plan": "自演示北路 DN400 干管两路接入，DN100 总表一块，泵房一座",
            "survey_check": "as_prepared",
        }
        case.complete(MANAGER, "confirm_plan", plan, "DN100 总表一块")
        times.hands_over("acceptance_plan", "design", fixed_at)
        case.confirm_plan(PLACE)
        case.look()

    def _stop_is_disputed(self) -> None:
        run, case = self._run, self._case
        self._run.heading("有异议的停钟", "a stop that is disputed, and struck")
        due = run.line.due(self._times.opened["design"], 18)
        expect(due == run.local("2026-05-20 11:00"), "设计出图 18 个工作日应到 5 月 20 日（劳动节调休）")
        disputes.strike(
            run,
            case,
            disputes.WrongStop(
                stage="design",
                stopped="2026-04-23 09:00",
                resumed="2026-04-27 09:00",
                ruled="2026-04-27 14:00",
                due=due,
            ),
        )

    def _drawings_and_estimate(self) -> None:
        run, case, times = self._run, self._case, self._times
        self._run.heading("设计出图、出具概算", "drawings and estimate")
        drawn_at = run.at("2026-05-18 15:00")
        reminded = run.messages_to("任务提醒", times.opened["design"], "图小南")
        expect(
            [message.at for message in reminded] == [run.local("2026-05-15 11:00")],
            "设计到期前 3 个工作日应提醒，撤销的停钟不应推迟提醒",
        )
        shared_steps.reads_in_the_morning(run, reminded[0].at, "2026-05-18", case.manager["name"])
        drawings = {"drawing_number": "演示-SJ-2026-020", "reviewed": True}
        case.complete("D001", "drawings", drawings, "图纸已审定上传")
        times.hands_over("design", "estimate", drawn_at)
        case.look()
        estimated_at = run.at("2026-05-20 10:00")
        case.look()
        self._issued = issued = case.quote(MANAGER, "estimate", {"main_metre": 380})
        (option,) = issued["options"]
        expect(option["total_fen"] == ESTIMATE_FEN, f"概算应为 {ESTIMATE_FEN} 分：{option['total_fen']}")
        figures = {"amount_fen": ESTIMATE_FEN, "estimate_number": "演示-GS-020"}
        case.complete(MANAGER, "estimate", figures, "概算已出具，告知客户")
        times.hands_over("estimate", agreement_payment.STAGE, estimated_at)

    def _gate_is_passed(self) -> None:
        passed_at = agreement_payment.pass_through(self._run, self._case, self._times, self._issued)
        self._times.hands_over(agreement_payment.STAGE, "construction", passed_at)

    def _quarter_is_built(self) -> None:
        run, case = self._run, self._case
        self._run.heading("工程施工：户表安装、工程验收", "construction and acceptance")
        opened = self._times.opened["construction"]
        case.look()
        done_at = run.at("2026-06-18 11:00")
        case.complete(
            "E001", "risers", {"risers_completed_at": done_at.isoformat()}, "立管建成，通知营销部门"
        )
        done_at = run.at("2026-06-24 15:00")
        meters = {"risers_accepted_at": done_at.isoformat(), "meters_installed": HOUSEHOLDS}
        case.complete("M001", "household_meters", meters, f"立管合格，即时装远传户表 {HOUSEHOLDS} 块")
        done_at = run.at("2026-07-02 16:00")
        works = {"works_completed_at": done_at.isoformat()}
        case.complete("E001", "outdoor_works", works, "室外管网和泵房完工")
        run.at("2026-07-06 15:00")
        reminded = run.messages_to("任务提醒", opened, "工小程")
        expect(
            [message.at for message in reminded] == [run.local("2026-07-03 16:00")],
            "施工到期前 5 个工作日应提醒（端午节不计）",
        )
        shared_steps.reads_in_the_morning(run, reminded[0].at, "2026-07-06", case.manager["name"])
        case.look()
        accepted_at = run.at("2026-07-07 09:00")
        acceptance = {"accepted_at": accepted_at.isoformat(), "acceptance_result": "passed"}
        case.complete("E001", "accept_works", acceptance, "一次验收合格，通知营销部门挂表")
        self._times.hands_over("construction", "water_on", accepted_at)

    def _water_runs(self) -> None:
        run, case, times = self._run, self._case, self._times
        self._run.heading("挂表通水", "water-on")
        warned = [
            message.fields["提醒事项"]
            for message in run.messages_to("工单提醒", times.opened["water_on"], "表小新")
        ]
        expect(warned == ["“222”时限即将用完"], f"“222”只剩 0.36 个工作日，应立即提醒营销部门：{warned}")
        self._run.detail("“222”只剩 0.36 个工作日（2 小时 30 分），营销部门当场挂表")
        run.at("2026-07-07 11:00")
        meter = {
            "meter_serial": "YS-100-0020",
            "meter_calibre": "DN100",
            "meter_position": "小区北门总表井",
            "first_reading": "0",
        }
        water_on = shared_steps.water_on(case, meter, "总表挂表通水")
        times.hands_over("water_on", "return_visit", water_on)
        expect(run.messages_to("通水通知", water_on, self._customer.person.name), "客户应收到通水通知")
        case.look()

    def _case_closes(self) -> None:
        run, case = self._run, self._case
        self._run.heading("竣工归档；回访与评价", "after-work; the rated return visit")
        run.at("2026-07-08 15:00")
        shared_steps.survey_and_hand_over(run, case)
        visit = visits.book_by_phone(run, case, "return_visit", "2026-07-09 15:00")
        run.at("2026-07-09 15:00")
        visit.was_reminded_of("2026-07-08 18:00", "2026-07-09 13:00")
        visit.begins(PLACE)
        shared_steps.rate(run, case, "停钟的事查得很清楚", visit)
        self._times.ended["return_visit"] = shared_steps.close(
            case, "客户满意", "各项满意，未再要资料、未跑腿", visit
        )
        run.at("2026-07-13 10:00")
        shared_steps.update_gis(run, case)

    def _sum_up(self) -> Outcome:
        run, case = self._run, self._case
        checks = FinalChecks(run, case, self._times)
        checks.check_stages()
        spans = self._times.spans()
        plan, water_on = spans["acceptance_plan"], spans["water_on"]
        checks.check_promises(Stretch(plan.start, water_on.end), [plan, water_on])
        ledger = checks.ledger
        asked = (ledger["documents"], ledger["trips"], ledger["payment_fen"])
        expect(asked == (2, 0, ESTIMATE_FEN), f"应只要 2 项资料、0 次跑腿和概算价款：{asked}")
        checks.check_receipt()
        checks.check_messages()
        checks.look_up()
        partner_steps.check_deliveries(run, self._platform, case)
        return checks.outcome()


STORY = Story(
    KEY,
    "2026-04-20 08:40",
    "480 户小区从方案征询到通水：五部门当日答复、“222”预警、被撤销的停钟、概算与协议两段停钟",
    _Story.play_on,
)
