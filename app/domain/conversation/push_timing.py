"""When a message that stays unread is pushed: after a minute, once in a burst, and never at night."""

from datetime import datetime, timedelta, tzinfo

from app.domain.conversation.rules import PushRules


def push_at(rules: PushRules, sent_at: datetime, zone: tzinfo, *, urgent: bool) -> datetime:
    """When a message sent at `sent_at` is pushed if it is unread; quiet hours don't hold urgent ones."""
    wished = sent_at + rules.after
    return wished if urgent else after_quiet(rules, wished, zone)


def after_quiet(rules: PushRules, at: datetime, zone: tzinfo) -> datetime:
    """`at`, or the end of the quiet hours that it lies in."""
    local = at.astimezone(zone)
    begins, ends, now = rules.quiet_from, rules.quiet_to, local.time()
    over_midnight = begins > ends
    quiet = now >= begins or now < ends if over_midnight else begins <= now < ends
    if not quiet:
        return at
    morning = local.replace(
        hour=ends.hour, minute=ends.minute, second=ends.second, microsecond=ends.microsecond
    )
    return morning + timedelta(days=1) if over_midnight and now >= begins else morning


def is_new_burst(rules: PushRules, pushed_at: datetime | None, now: datetime) -> bool:
    """Whether messages after the push at `pushed_at`, which is still unread, are pushed anew."""
    return pushed_at is None or abs(now - pushed_at) >= rules.burst
