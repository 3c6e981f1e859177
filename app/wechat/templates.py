"""The message templates of an account, as WeChat lists them.

Sources: WeChat's documentation, 获取已添加的模板列表 (wxaapi/newtmpl/gettemplate, mini-program) and
获取模板列表 (template/get_all_private_template, 服务号). Both give a template's fields as lines such as
`联系电话:{{phone_number3.DATA}}`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# The documentation shows the braces with and without blanks between them.
_FIELD = re.compile(r"(?P<label>[^\n{}]*)\{\s*\{\s*(?P<key>\w+)\.DATA\s*\}\s*\}")
_LONG_TERM = 3


@dataclass(frozen=True, slots=True)
class AccountTemplate:
    """One template; `fields` maps field keys to the labels on the phone."""

    template_id: str
    title: str
    fields: Mapping[str, str]
    long_term: bool | None = None
    """Whether one consent lasts (长期订阅); None for a service account, which needs none."""


def of_miniprogram(answer: Mapping[str, Any]) -> list[AccountTemplate]:
    """The templates in the answer of gettemplate; entries that are none are left out."""
    return [
        AccountTemplate(
            str(row.get("priTmplId", "")),
            str(row.get("title", "")),
            fields_of(str(row.get("content", ""))),
            str(row.get("type", "")) == str(_LONG_TERM),
        )
        for row in _rows(answer, "data")
    ]


def of_service_account(answer: Mapping[str, Any]) -> list[AccountTemplate]:
    """The templates in the answer of get_all_private_template."""
    return [
        AccountTemplate(
            str(row.get("template_id", "")), str(row.get("title", "")), fields_of(str(row.get("content", "")))
        )
        for row in _rows(answer, "template_list")
    ]


def fields_of(content: str) -> dict[str, str]:
    """Field key to label, in the order of the text."""
    return {found["key"]: found["label"].strip().rstrip(":：") for found in _FIELD.finditer(content)}


def _rows(answer: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    rows = answer.get(key)
    return (row for row in rows if isinstance(row, Mapping)) if isinstance(rows, list) else iter(())
