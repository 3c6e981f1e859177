"""By what two events of one kind are told apart: the words of the table's column `key`."""

from app.core import clock
from notifications.handlers.notice_rule import Context, Key


def by(name: str) -> Key:
    """The id that the event carries under this name."""

    def key(context: Context) -> str:
        return str(getattr(context.event, name))

    return key


def each_time(context: Context) -> str:
    """The subject at this moment: at another one, it is told again."""
    return f"{context.facts.key}:{int(clock.now().timestamp())}"
