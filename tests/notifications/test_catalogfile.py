from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.city_folder import city_folder
from app.domain.config_error import ConfigError
from app.domain.programs.loader import load_programs
from app.wechat import fieldlimits
from app.wechat.port import AccountKind
from notifications.wording import catalogfile
from notifications.wording.catalog import Catalog
from notifications.wording.kinds import Audience
from notifications.wording.vocabulary import VALUES, ValueKind

JINAN = city_folder({})
IDS = {"case_id": "c", "task_id": "t", "visit_id": "v", "notice_id": "n"}
SHIPPED = catalogfile.load(JINAN, None)


def edited(folder: Path, old: str, new: str) -> Path:
    text = (JINAN / "messages.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "messages.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_every_customer_message_carries_the_managers_name_and_phone_in_every_channel() -> None:
    for kind, message in SHIPPED.messages.items():
        if message.audience is not Audience.CUSTOMER:
            continue
        values = {
            name: "2026-03-20 10:30" if value.kind is ValueKind.TIME else "演示"
            for name, value in VALUES[message.about].items()
        } | {
            "manager_name": "张管家",
            "manager_phone": "13800000001",
        }
        rendered = SHIPPED.render(kind, values, IDS)
        assert "张管家" in rendered.body
        assert "13800000001" in rendered.body
        assert len(rendered.filled) == 2
        for filled in rendered.filled.values():
            assert "张管家" in filled.data.values()
            assert "13800000001" in filled.data.values()


@pytest.mark.parametrize("kind", SHIPPED.messages)
@given(text=st.text(max_size=120))
def test_wechat_takes_every_message_whatever_its_values(kind: str, text: str) -> None:
    values = dict.fromkeys(VALUES[SHIPPED.messages[kind].about], text)

    rendered = SHIPPED.render(kind, values, IDS)

    for filled in rendered.filled.values():
        assert set(filled.data) == set(SHIPPED.templates[filled.template_key].fields)
        assert [fieldlimits.fault(key, value) for key, value in filled.data.items()] == [None] * len(
            filled.data
        )


def test_a_value_with_braces_is_text_and_no_placeholder() -> None:
    values = dict.fromkeys(VALUES[SHIPPED.messages["new_case"].about], "{case_id}")

    assert "{case_id}" in SHIPPED.render("new_case", values, IDS).body


def test_stages_and_tasks_that_messages_name_exist_in_the_programs() -> None:
    stages = [stage for program in load_programs(JINAN).values() for stage in program.stages]
    messages = SHIPPED.messages

    assert messages["stage_completed"].quiet_stages <= {stage.key for stage in stages}
    assert messages["plan_ready"].tells_end_of <= {stage.key for stage in stages}
    for kind in ("new_case", "low_rating"):
        assert messages[kind].includes_tasks <= {task.key for stage in stages for task in stage.tasks}


@pytest.mark.parametrize(
    ("old", "new", "key", "fault"),
    [
        (
            'thing2 = "项目名称"',
            'enum2 = "项目名称"',
            "templates.accepted.fields.enum2",
            "not a field",
        ),
        (
            'thing2 = "项目名称"',
            'thing2 = "项目名称项目名称项目名称"',
            "templates.accepted.fields.thing2",
            "longer than 10",
        ),
        ("ask_order = 1", "ask_order = -1", "templates.accepted.ask_order", "0 or more"),
        (
            'title = "新任务通知"',
            'title = "新任务通知"\nask_order = 9\nwhy = "x"',
            "templates.staff_task.ask_order",
            "mini-program only",
        ),
        ('account = "miniprogram"', 'account = "sms"', "templates.accepted.account", "must be one of"),
        (
            'thing1 = "项目名称", thing2 = "办理进度"',
            'thing9 = "多", thing1 = "项目名称", thing2 = "办理进度"',
            "templates.progress.fields",
            "at most 5",
        ),
        (
            'thing2 = "{project_name}", name3',
            "name3",
            "messages.case_accepted.subscribe.fields.thing2",
            "missing",
        ),
        (
            'thing2 = "申请已受理"',
            'thing2 = "申请已受理", thing9 = "多"',
            "messages.case_accepted.service.fields.thing9",
            "no such field",
        ),
        (
            'name3 = "{manager_name}"',
            'name3 = "管家"',
            "messages.case_accepted.subscribe.fields",
            "{manager_name}",
        ),
        (
            'phone_number4 = "{manager_phone}"',
            'phone_number4 = "968133"',
            "messages.case_accepted.subscribe.fields",
            "{manager_phone}",
        ),
        ("您的客户管家是{manager_name}", "您的客户管家", "messages.case_accepted.body", "{manager_name}"),
        (
            'character_string1 = "{case_number}"',
            'character_string1 = "{project_name}"',
            "messages.case_accepted.subscribe.fields.character_string1",
            "not what this type",
        ),
        (
            'character_string1 = "{case_number}"',
            'character_string1 = "No {case_number}"',
            "messages.case_accepted.subscribe.fields.character_string1",
            "nothing beside it",
        ),
        (
            'phrase2 = "已暂停"',
            'phrase2 = "计时已经暂停"',
            "messages.clock_stopped.subscribe.fields.phrase2",
            "would refuse",
        ),
        (
            'thing2 = "申请已受理"',
            'thing2 = "您的申请已经由我们的工作人员受理，请您放心"',
            "messages.case_accepted.service.fields.thing2",
            "would refuse",
        ),
        (
            'thing3 = "下一步：{next_stage}"',
            'thing3 = "下一步将要办理的环节名称是：{next_stage}"',
            "messages.stage_completed.subscribe.fields.thing3",
            "less than half",
        ),
        (
            'time2 = "{event_time}"',
            'time2 = "{due}"',
            "messages.water_on.subscribe.fields.time2",
            "unknown placeholder {due}",
        ),
        (
            '"您的“{project_name}”因“{reason}”暂停',
            '"您的“{project_name}因“{reason!r}”暂停',
            "messages.clock_stopped.body",
            "a name between braces",
        ),
        (
            '"您的“{project_name}”已完成',
            '"您的“{project_name”已完成',
            "messages.stage_completed.body",
            "braces",
        ),
        (
            'page = "pages/case/index?id={case_id}"',
            'page = "/pages/case/index"',
            "messages.case_accepted.page",
            "leading slash",
        ),
        (
            'page = "staff/case/index?id={case_id}"',
            'page = "staff/case/index?id={task_id}"',
            "messages.new_case.page",
            "unknown placeholder {task_id}",
        ),
        (
            'template = "accepted"',
            'template = "accept"',
            "messages.case_accepted.subscribe.template",
            "no template",
        ),
        (
            'template = "accepted"',
            'template = "staff_task"',
            "messages.case_accepted.subscribe.template",
            "not a template of the account",
        ),
        ('about = "case"', 'about = "weather"', "messages.case_accepted.about", "must be one of"),
        (
            'title = "任务已超期"',
            'title = "任务已超期\\n"',
            "messages.task_overdue.title",
            "control characters",
        ),
        ('title = "任务已超期"', 'titel = "任务已超期"', "messages.task_overdue.titel", "unknown key"),
        (
            'includes_tasks = ["rating_review"]',
            'loses_point = "task_closed"',
            "messages.low_rating.loses_point",
            "not speak of a task",
        ),
        (
            'loses_point = "visit_day"',
            'loses_point = "answered"',
            "messages.visit_tomorrow.loses_point",
            "not speak of a chase or talk",
        ),
        ('before_due = "即将到期"', 'before_due = "很快就要到期"', "wording.urgency.before_due", "5 Chinese"),
        (
            'authority = "无需您办理，获批后恢复计时"',
            'autority = "无需您办理"',
            "wording.advice.authority",
            "missing",
        ),
        ('next_due = "另行告知"', "", "wording.absent.next_due", "missing"),
    ],
)
def test_a_fault_is_named_by_file_and_key(tmp_path: Path, old: str, new: str, key: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        catalogfile.load(edited(tmp_path, old, new), None)

    told = str(raised.value).splitlines()
    assert any(
        line.startswith(f"{tmp_path / 'messages.toml'}: {key}: ") and fault in line for line in told
    ), told


def test_an_optional_value_may_not_stand_where_its_absence_cannot_be_said(tmp_path: Path) -> None:
    folder = edited(
        tmp_path, 'thing4 = "完成时限", thing5 = "客户管家"', 'time4 = "完成时限", thing5 = "客户管家"'
    )
    text = (
        (folder / "messages.toml").read_text(encoding="utf-8").replace('thing4 = "{due}"', 'time4 = "{due}"')
    )
    (folder / "messages.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"task_opened\.service\.fields\.time4: .* may be absent"):
        catalogfile.load(folder, None)


def test_ids_of_an_installation_are_read_and_recognised(tmp_path: Path) -> None:
    file = tmp_path / "ids.toml"
    file.write_text("\n".join(f'{key} = "id-of-{key}"' for key in SHIPPED.templates), encoding="utf-8")

    loaded: Catalog = catalogfile.load(JINAN, file)

    assert loaded.template_ids["accepted"] == "id-of-accepted"
    found = loaded.template_of("id-of-accepted")
    assert found is not None
    assert found.account is AccountKind.MINI_PROGRAM
    assert loaded.template_of("SIM-accepted") is None


def test_a_missing_and_a_doubled_id_are_faults(tmp_path: Path) -> None:
    file = tmp_path / "ids.toml"
    file.write_text('accepted = "a"', encoding="utf-8")
    with pytest.raises(ConfigError, match="staff_task: missing"):
        catalogfile.load(JINAN, file)

    file.write_text("\n".join(f'{key} = "the same"' for key in SHIPPED.templates), encoding="utf-8")
    with pytest.raises(ConfigError, match="same id"):
        catalogfile.load(JINAN, file)
