"""No phone rings at night for what can wait: what falls into the quiet hours goes in the morning.

The hours are the city's (talk.toml); delivery.toml says which kinds may go at night. It is decided when a
message is claimed, so that it holds alike for first sends, retries, follow-up channels and what piled up in
an outage.
"""

from datetime import datetime

from app.domain.conversation import push_timing
from app.services.installation import city
from notifications.outbox import delivery_rules
from notifications.wording.kinds import Channel


def until(kind: str, channel: str, created_at: datetime, now: datetime) -> datetime:
    """When a message may be sent: `now`, or the end of the quiet hours. All instants are aware."""
    rules = delivery_rules.current()
    if kind in rules.urgent:
        return now
    if kind in rules.answers and channel != Channel.SMS and now - created_at < rules.answers_within:
        return now
    return end_of_night(now)


def end_of_night(now: datetime) -> datetime:
    """The end of the quiet hours, or `now` outside of them."""
    return push_timing.after_quiet(city.current().talk.push, now, city.zone())
