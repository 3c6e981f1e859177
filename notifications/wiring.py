"""Joining notifications to the business; the composition root calls this once for a process."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from app.core.eventbus import subscribe
from app.domain.config_error import ConfigError
from app.domain.toml_reader import DataFaults
from app.services.cases.rights.take_over import CaseTakenOver
from app.services.privacy.erasure import PersonErased
from notifications.handlers import personal_data, taken_over
from notifications.handlers.notice_rule import NoticeRule, handlers
from notifications.handlers.table import NOTICES
from notifications.outbox import delivery_rules, delivery_rules_file
from notifications.outbox.delivery_rules import DeliveryRules
from notifications.webhooks import queue_webhooks
from notifications.wording import catalog, catalogfile
from notifications.wording.catalog import Catalog
from notifications.wording.kinds import Channel


def wire(
    city_folder: Path,
    template_ids: Path | None,
    *,
    simulated: bool,
    without: Collection[Channel] = frozenset({Channel.WECOM}),
    notices: Sequence[NoticeRule] = NOTICES,
) -> None:
    """Read the messages of the city in `city_folder`, and tell people of every event from now on.

    `template_ids` is the file of this installation's WeChat template ids; with the simulator (`simulated`)
    templates have ids of their own. The installation is `without` these channels. Wiring again replaces the
    messages and doubles nothing. Raises `ConfigError` when messages or ids are faulty.
    """
    messages, rules = read(city_folder, None if simulated else template_ids, notices)
    catalog.install(messages)
    delivery_rules.install(rules.without(without))
    for event, handler in handlers(notices).items():
        subscribe(event, handler)
    subscribe(CaseTakenOver, taken_over.move_notices)
    subscribe(PersonErased, personal_data.forget)
    personal_data.wire()
    queue_webhooks.wire()


def read(
    city_folder: Path, template_ids: Path | None, notices: Iterable[NoticeRule] = NOTICES
) -> tuple[Catalog, DeliveryRules]:
    """The messages of a city and how they are delivered, checked against the table of notices.

    Without `template_ids`, templates have the simulator's. Raises `ConfigError` with every fault of a file.
    """
    messages = catalogfile.load(city_folder, template_ids)
    faults = _faults(messages, city_folder / catalogfile.FILE, notices)
    if faults:
        raise DataFaults(tuple(faults))
    return messages, delivery_rules_file.load(city_folder, messages)


def _faults(messages: Catalog, file: Path, notices: Iterable[NoticeRule]) -> list[ConfigError]:
    """Kinds without a text, texts that no event uses, texts for somebody else or about something else."""
    faults = {}
    unused = dict.fromkeys(messages.messages)
    for notice in notices:
        key = f"messages.{notice.kind}"
        unused.pop(notice.kind, None)
        message = messages.messages.get(notice.kind)
        if message is None:
            faults[key] = ConfigError(file, key, "missing")
        elif message.audience is not notice.to.audience:
            faults[key] = ConfigError(file, f"{key}.audience", f"this kind goes to {notice.to.audience}")
        elif message.about is not notice.about.subject:
            faults[key] = ConfigError(file, f"{key}.about", f"this kind is about a {notice.about.subject}")
    for kind in unused:
        faults[kind] = ConfigError(file, f"messages.{kind}", "no such kind of message")
    return list(faults.values())
