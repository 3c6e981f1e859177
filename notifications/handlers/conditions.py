"""When an event is told by a line: the words of the table's column `when`."""

from app.domain.conversation.message_states import Side
from app.domain.programs.definition import StageKind
from notifications.handlers.notice_rule import Condition, Context
from notifications.wording import catalog


def stage_is_told(context: Context) -> bool:
    """The usual message tells the end of this stage: no other one does, and it concerns the customer."""
    messages = catalog.current().messages
    key = context.event.stage_key
    return key not in messages["stage_completed"].quiet_stages and not plan_is_fixed(context)


def plan_is_fixed(context: Context) -> bool:
    """With this stage the plan is fixed: the customer is to look at it and agree."""
    messages = catalog.current().messages
    key = context.event.stage_key
    return key in messages["plan_ready"].tells_end_of and key not in messages["stage_completed"].quiet_stages


def clock_runs(context: Context) -> bool:
    """No other stop, of which the customer knows, still holds the clock."""
    return not context.brief.still_stopped


def struck(context: Context) -> bool:
    """The disputed stop counts in no figure any more."""
    return bool(context.event.struck)


def upheld(context: Context) -> bool:
    """The disputed stop stays."""
    return not context.event.struck


def rating_is_low(context: Context) -> bool:
    """The customer is not content, by the city's data."""
    return bool(context.event.low)


def is_return_visit(context: Context) -> bool:
    """The task is the return visit itself, not what is done about what came of it."""
    task = context.brief
    return bool(task.stage_kind == StageKind.RETURN_VISIT and not task.triggered)


def is_other_task(context: Context) -> bool:
    """The task is any other one."""
    return not is_return_visit(context)


def changed_by(*kinds: str) -> Condition:
    """The case was changed in one of these ways (`CaseChangeKind`)."""

    def when(context: Context) -> bool:
        return context.brief.kind in kinds

    return when


def delayed(context: Context) -> bool:
    """The delay of another visit reaches this one."""
    return bool(context.event.late)


def on_time_again(context: Context) -> bool:
    """It was reached by a delay, and is not any more."""
    return not delayed(context)


def before_the_visit(context: Context) -> bool:
    """The time of the visit has not come yet."""
    return not context.event.begun


def evening_before(context: Context) -> bool:
    """The visit is tomorrow."""
    return bool(context.event.evening)


def trip_is_tomorrow(context: Context) -> bool:
    """The same, and no reminder of the visit that it is joined to names this one, too."""
    return evening_before(context) and context.brief.announced_with is None


def trip_is_soon(context: Context) -> bool:
    """The visit is soon, and no reminder of the visit that it is joined to names this one, too."""
    return shortly_before(context) and context.brief.announced_with is None


def shortly_before(context: Context) -> bool:
    """The visit is soon."""
    return not context.event.evening


def unread_by_customer(context: Context) -> bool:
    """It is the customer who has not read."""
    return bool(context.event.side == Side.CUSTOMER)


def unread_by_staff(context: Context) -> bool:
    """It is the utility that has not read."""
    return not unread_by_customer(context)


def overdue(context: Context) -> bool:
    """The due date has passed."""
    return bool(context.event.overdue)


def overdue_for_the_first_time(context: Context) -> bool:
    """The task became late since the last working day."""
    return bool(context.event.occurrence == 1)


def overdue_once_more(context: Context) -> bool:
    """Its holders were told on an earlier working day; from then on the morning says it again."""
    return not overdue_for_the_first_time(context)


def near_due(context: Context) -> bool:
    """The due date is near."""
    return not context.event.overdue
