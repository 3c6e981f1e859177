"""Do the templates in WeChat's accounts agree with the city's messages.toml? Each difference by name.

WeChat refuses every message of a template with a field too many, too few or of another number (47003), and
says so only when the first one is sent.
"""

from collections.abc import Iterator, Mapping, Sequence

from app.wechat.port import AccountKind, Accounts
from app.wechat.templates import AccountTemplate
from notifications.wording.catalog import Catalog, Template


def differences(words: Catalog, wechat: Accounts) -> list[str]:
    """Ask WeChat for the templates of both accounts and name every difference; empty when all agree.

    Raises `WeChatError`. Call outside any transaction.
    """
    there: Mapping[AccountKind, Sequence[AccountTemplate]] = {
        AccountKind.MINI_PROGRAM: wechat.miniprogram.templates(),
        AccountKind.SERVICE: wechat.service.templates(),
    }
    by_id = {
        account: {template.template_id: template for template in found} for account, found in there.items()
    }
    return [
        f"{key} ({template.account}): {difference}"
        for key, template in words.templates.items()
        for difference in _of_template(
            template, words.template_ids[key], by_id[template.account].get(words.template_ids[key])
        )
    ]


def _of_template(ours: Template, template_id: str, theirs: AccountTemplate | None) -> Iterator[str]:
    if theirs is None:
        yield f"the account has no template with the id {template_id!r}"
        return
    if ours.title != theirs.title:
        yield f"the title is {ours.title!r} in messages.toml and {theirs.title!r} at WeChat"
    if theirs.long_term is not None and ours.long_term != theirs.long_term:
        yield (
            "messages.toml calls it long-term, at WeChat it is one-time"
            if ours.long_term
            else "messages.toml calls it one-time, at WeChat it is long-term"
        )
    yield from _of_fields(ours.fields, theirs.fields)


def _of_fields(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[str]:
    under = {label: key for key, label in theirs.items()}
    for key, label in ours.items():
        if key in theirs:
            if theirs[key] != label:
                yield f"{key} is {label!r} in messages.toml and {theirs[key]!r} at WeChat"
        elif label in under:
            yield f"{label!r} is {key} in messages.toml and {under[label]} at WeChat"
        else:
            yield f"{key} ({label!r}) is not in the template at WeChat"
    moved = set(ours.values())
    for key, label in theirs.items():
        if key not in ours and label not in moved:
            yield f"{key} ({label!r}) is at WeChat and not in messages.toml"
