"""The templates in WeChat's accounts are compared with messages.toml, and each difference is named."""

from typing import Any

import pytest
from flask import Flask

from app.cli.wechat import wechat
from app.wechat.port import WeChatError
from app.wechat.templates import fields_of
from notifications.oversight.template_check import differences
from notifications.wording.catalog import Catalog
from tests.notifications.conftest import Phones


def test_templates_that_agree_have_no_differences(phones: Phones, jinan: Catalog) -> None:
    assert differences(jinan, phones.accounts) == []


def change(phones: Phones, jinan: Catalog, key: str, **changes: Any) -> None:
    (template,) = [each for each in jinan.declared() if each["template_id"] == f"SIM-{key}"]
    phones.ask("POST", "templates", template | changes)


def test_each_difference_is_named(phones: Phones, jinan: Catalog) -> None:
    fields = dict(jinan.templates["accepted"].fields)
    label = fields.pop("name3")
    del fields["thing5"]
    fields |= {"thing3": label, "thing2": "工程名称", "date9": "受理日期"}
    change(phones, jinan, "accepted", title="受理通知", fields=fields, long_term=True)
    change(phones, jinan, "staff_task", title="待办通知")
    found = differences(jinan, phones.accounts)
    assert found == [
        "accepted (miniprogram): the title is '报装受理通知' in messages.toml and '受理通知' at WeChat",
        "accepted (miniprogram): messages.toml calls it one-time, at WeChat it is long-term",
        "accepted (miniprogram): thing2 is '项目名称' in messages.toml and '工程名称' at WeChat",
        "accepted (miniprogram): '客户管家' is name3 in messages.toml and thing3 at WeChat",
        "accepted (miniprogram): thing5 ('温馨提示') is not in the template at WeChat",
        "accepted (miniprogram): date9 ('受理日期') is at WeChat and not in messages.toml",
        "staff_task (service): the title is '新任务通知' in messages.toml and '待办通知' at WeChat",
    ]


def test_a_template_that_the_account_lacks_is_named(phones: Phones, jinan: Catalog) -> None:
    phones.ask("POST", "reset")
    found = differences(jinan, phones.accounts)
    assert len(found) == len(jinan.templates)
    assert found[0] == "accepted (miniprogram): the account has no template with the id 'SIM-accepted'"


def test_a_refusal_of_wechat_is_no_difference(phones: Phones, jinan: Catalog) -> None:
    phones.fault("wxaapi/newtmpl/gettemplate", errcode=48001)
    with pytest.raises(WeChatError):
        differences(jinan, phones.accounts)


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ("会议时间:{{date2.DATA}}\n会议地点:{{thing1.DATA}}\n", {"date2": "会议时间", "thing1": "会议地点"}),
        ("项目名称：{{thing1.DATA}}", {"thing1": "项目名称"}),
        ("领奖金额:{ {amount1.DATA} }\n\n{{thing2.DATA}}", {"amount1": "领奖金额", "thing2": ""}),
        ("", {}),
        ("没有字段", {}),
    ],
)
def test_the_fields_are_read_from_the_text_of_a_template(content: str, fields: dict[str, str]) -> None:
    assert fields_of(content) == fields


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_names_the_differences_and_fails(house: Flask, phones: Phones, jinan: Catalog) -> None:
    house.extensions["steward.wechat"] = phones.accounts
    runner = house.test_cli_runner()
    agreeing = runner.invoke(wechat, ["templates"])
    assert (agreeing.exit_code, agreeing.output) == (0, "all templates agree\n")
    change(phones, jinan, "accepted", title="受理通知")
    differing = runner.invoke(wechat, ["templates"])
    assert differing.exit_code == 1
    assert differing.output.startswith("accepted (miniprogram): the title is")
