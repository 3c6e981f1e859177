"""Joining notifications to the business; the composition root calls this once for a process."""

from pathlib import Path

from app.core.eventbus import subscribe
from app.domain import events
from notifications.outbox import delivery_rules, delivery_rules_file
from notifications.telling import handlers, handlers_of_money, promise_handlers, talk_handlers, turns, visits
from notifications.webhooks import queue_webhooks
from notifications.wording import catalog, catalogfile


def wire(city_folder: Path, template_ids: Path | None, *, simulated: bool) -> None:
    """Read the messages of the city in `city_folder`, and tell people of every event from now on.

    `template_ids` is the file of this installation's WeChat template ids; with the simulator (`simulated`)
    templates have ids of their own. Wiring again replaces the messages and doubles nothing. Raises
    `DataFault` when messages or ids are faulty.
    """
    words = catalogfile.load(city_folder, None if simulated else template_ids)
    catalog.install(words)
    delivery_rules.install(delivery_rules_file.load(city_folder, words))
    subscribe(events.CaseOpened, handlers.case_opened)
    subscribe(events.ConsultationTaken, handlers.consultation_taken)
    subscribe(events.CaseConfirmed, handlers.case_confirmed)
    subscribe(events.StageCompleted, handlers.stage_completed)
    subscribe(events.TaskOpened, handlers.task_opened)
    subscribe(events.ClockStopped, handlers.clock_stopped)
    subscribe(events.ClockResumed, handlers.clock_resumed)
    subscribe(events.StopEntered, promise_handlers.stop_entered)
    subscribe(events.StopDisputed, promise_handlers.stop_disputed)
    subscribe(events.StopRuled, promise_handlers.stop_ruled)
    subscribe(events.HeadlineThreatened, promise_handlers.headline_threatened)
    subscribe(events.PromiseBudgetThreatened, promise_handlers.budget_threatened)
    subscribe(events.StageDueMoved, handlers.stage_due_moved)
    subscribe(events.TaskDueMoved, handlers.task_due_moved)
    subscribe(events.ReminderDue, handlers.reminder_due)
    subscribe(events.TaskOverdue, handlers.task_overdue)
    subscribe(events.WaterOn, handlers.water_on)
    subscribe(events.CaseRated, handlers.case_rated)
    subscribe(events.CaseClosed, handlers.case_closed)
    subscribe(events.CaseTurned, turns.case_turned)
    subscribe(events.PlanConfirmed, turns.plan_confirmed)
    subscribe(events.MessagesUnread, talk_handlers.messages_unread)
    subscribe(events.GuestInvited, talk_handlers.guest_invited)
    subscribe(events.AnswerDue, talk_handlers.answer_due)
    subscribe(events.CaseChased, talk_handlers.case_chased)
    subscribe(events.ChaseOverdue, talk_handlers.chase_overdue)
    subscribe(events.ComplaintRaised, talk_handlers.complaint_raised)
    subscribe(events.ComplaintDue, talk_handlers.complaint_due)
    subscribe(events.ComplaintAnswered, talk_handlers.complaint_answered)
    queue_webhooks.wire()
    subscribe(events.QuoteIssued, handlers_of_money.quote_issued)
    subscribe(events.QuoteChosen, handlers_of_money.quote_chosen)
    subscribe(events.PaperMade, handlers_of_money.paper_made)
    subscribe(events.PaperConfirmed, handlers_of_money.paper_confirmed)
    subscribe(events.VisitBooked, visits.booked)
    subscribe(events.VisitMoved, visits.moved)
    subscribe(events.VisitCancelled, visits.cancelled)
    subscribe(events.VisitNear, visits.near)
    subscribe(events.VisitDelayed, visits.delayed)
    subscribe(events.VisitLate, visits.late)
    subscribe(events.VisitInDoubt, visits.in_doubt)
    subscribe(events.VisitOffered, visits.offered)
    subscribe(events.VisitMissed, visits.missed)
