"""Which event tells whom, in which words, about what: one line for each notice.

Customers are told of their own case; staff of what they hold; the manager (or the deputy during leave) of
everything of their cases that comes near its limit; supervisors of what passed it. Who has something to do
now, and who only has to know, are told by different lines: kinds that end in `_info` are for those who have
nothing to do, and say so. One event tells a member of staff once, by the most urgent of its lines. A notice
never holds what somebody wrote: it says that there is something to read, and who wrote it.

A new notice is a line here and a text in the city's messages.toml; CONTRIBUTING.md says how.
"""

from collections.abc import Sequence

from app.domain import events
from app.services.cases.rights.correct_contact import ContactCorrected
from app.services.cases.rights.take_over import CaseTakenOver
from notifications.followup.gathered import MorningCame
from notifications.followup.undelivered import MessagesUndelivered
from notifications.handlers import conditions, keys, views
from notifications.handlers.notice_rule import NoticeRule
from notifications.handlers.recipients import (
    CUSTOMER,
    answering,
    came_or_lead,
    department,
    first_of,
    former_holder,
    holder_of_skill,
    holders,
    holders_not_told_yet,
    holders_of_stage,
    lead_visitor,
    maker_of_paper,
    manager,
    manager_unless_author,
    people_of_later_stages,
    proposed_manager,
    reader,
    responsible,
    reviewer,
    staff,
    supervisors,
    visitors,
    visitors_of_trip,
    visitors_who_came,
    visitors_who_join,
    visitors_who_leave,
    visitors_who_stay,
)

NOTICES: Sequence[NoticeRule] = (
    # A case begins. A customer whose case was opened by telephone hears of it when they confirm it.
    NoticeRule(events.CaseOpened, "case_accepted", views.CASE, CUSTOMER),
    NoticeRule(events.CaseOpened, "new_case", views.CASE, staff(manager_unless_author)),
    NoticeRule(events.ConsultationReceived, "early_service", views.CASE, CUSTOMER),
    NoticeRule(events.ConsultationReceived, "new_consultation", views.CASE, staff(manager)),
    NoticeRule(events.CaseConfirmed, "case_accepted", views.CASE, CUSTOMER),
    NoticeRule(events.CaseConfirmed, "case_confirmed", views.CASE, staff(manager)),
    NoticeRule(ContactCorrected, "contact_corrected", views.CASE, staff(manager), key=keys.each_time),
    NoticeRule(CaseTakenOver, "case_taken_over", views.CASE, staff(manager)),
    # Its stages, and when they are due.
    NoticeRule(
        events.StageCompleted,
        "stage_completed",
        views.COMPLETED_STAGE,
        CUSTOMER,
        when=conditions.stage_is_told,
    ),
    NoticeRule(
        events.StageCompleted, "plan_ready", views.COMPLETED_STAGE, CUSTOMER, when=conditions.plan_is_fixed
    ),
    NoticeRule(events.PlanConfirmed, "plan_confirmed", views.CASE, staff(manager), key=keys.each_time),
    NoticeRule(events.PlanRefused, "plan_refused", views.CASE, staff(manager), key=keys.each_time),
    NoticeRule(
        events.PlanHeld, "plan_held", views.TASK, staff(holders_of_stage, manager), key=keys.each_time
    ),
    NoticeRule(events.StageDueMoved, "due_moved", views.RUNNING_STAGE, CUSTOMER),
    NoticeRule(events.WaterOn, "water_on", views.CASE, CUSTOMER),
    NoticeRule(events.CaseRated, "low_rating", views.RATING, staff(reviewer), when=conditions.rating_is_low),
    NoticeRule(events.ReturnVisitUnreached, "return_visit_unreached", views.CASE, CUSTOMER),
    NoticeRule(
        events.CaseRated, "low_rating_info", views.RATING, staff(supervisors), when=conditions.rating_is_low
    ),
    NoticeRule(events.CaseClosed, "case_closed", views.CASE, CUSTOMER),
    # Tasks.
    NoticeRule(
        events.TaskOpened,
        "task_opened",
        views.TASK,
        staff(first_of("task_opened", holders_not_told_yet)),
        when=conditions.is_other_task,
    ),
    NoticeRule(
        events.TaskOpened,
        "task_in_queue",
        views.TASK,
        staff(holders_not_told_yet),
        when=conditions.is_other_task,
    ),
    NoticeRule(
        events.TaskOpened,
        "return_visit",
        views.TASK,
        staff(holders_not_told_yet),
        when=conditions.is_return_visit,
    ),
    NoticeRule(events.TaskDueMoved, "task_due_moved", views.MOVED_TASK, staff(holders, manager)),
    NoticeRule(events.ReminderDue, "task_reminder", views.TASK_NEAR_DUE, staff(holders)),
    NoticeRule(events.ReminderDue, "task_reminder_info", views.TASK_NEAR_DUE, staff(manager)),
    NoticeRule(
        events.TaskOverdue,
        "task_overdue",
        views.OVERDUE_TASK,
        staff(holders),
        when=conditions.overdue_for_the_first_time,
    ),
    NoticeRule(
        events.TaskOverdue,
        "task_overdue_again",
        views.OVERDUE_TASK,
        staff(holders),
        when=conditions.overdue_once_more,
    ),
    NoticeRule(
        events.TaskOverdue,
        "task_overdue_case",
        views.OVERDUE_TASK,
        staff(manager),
        when=conditions.overdue_for_the_first_time,
    ),
    NoticeRule(events.TaskOverdue, "task_overdue_info", views.OVERDUE_TASK, staff(manager, supervisors)),
    # Clock pauses and disputes about them.
    NoticeRule(events.ClockStopped, "clock_stopped", views.STOP, CUSTOMER),
    NoticeRule(events.ClockResumed, "clock_resumed", views.STOP, CUSTOMER, when=conditions.clock_runs),
    NoticeRule(events.StopEntered, "stop_entered", views.STOP, CUSTOMER),
    NoticeRule(
        events.StopDisputed,
        "stop_disputed",
        views.STOP,
        staff(supervisors),
        key=keys.by("review_id"),
    ),
    NoticeRule(
        events.StopDisputed,
        "stop_disputed_info",
        views.STOP,
        staff(manager),
        key=keys.by("review_id"),
    ),
    NoticeRule(
        events.StopRuled,
        "stop_struck",
        views.STOP,
        CUSTOMER,
        when=conditions.struck,
        key=keys.by("review_id"),
    ),
    NoticeRule(
        events.StopRuled,
        "stop_upheld",
        views.STOP,
        CUSTOMER,
        when=conditions.upheld,
        key=keys.by("review_id"),
    ),
    # A promise that runs short.
    NoticeRule(
        events.HeadlineThreatened,
        "headline_threatened",
        views.PROMISE,
        staff(holders_of_stage, manager),
    ),
    NoticeRule(events.HeadlineThreatened, "headline_info", views.PROMISE, staff(supervisors)),
    NoticeRule(
        events.PromiseBudgetThreatened,
        "budget_threatened",
        views.PROMISE,
        staff(people_of_later_stages, manager, supervisors),
    ),
    # Changes of a case. Who worked on it learns that nothing is awaited; supervisors hear of every refusal.
    NoticeRule(
        events.CaseChanged,
        "case_withdrawn",
        views.CASE_CHANGE,
        CUSTOMER,
        when=conditions.changed_by("withdrawn"),
    ),
    NoticeRule(
        events.CaseChanged, "case_refused", views.CASE_CHANGE, CUSTOMER, when=conditions.changed_by("refused")
    ),
    NoticeRule(
        events.CaseChanged,
        "manager_changed",
        views.CASE_CHANGE,
        CUSTOMER,
        when=conditions.changed_by("handed_over"),
    ),
    NoticeRule(
        events.CaseChanged,
        "stage_sent_back",
        views.CASE_CHANGE,
        CUSTOMER,
        when=conditions.changed_by("sent_back"),
    ),
    NoticeRule(
        events.CaseChanged,
        "program_changed",
        views.CASE_CHANGE,
        CUSTOMER,
        when=conditions.changed_by("program_changed"),
    ),
    NoticeRule(
        events.CaseChanged,
        "case_ended",
        views.CASE_CHANGE,
        staff(holders),
        when=conditions.changed_by("withdrawn", "refused"),
    ),
    NoticeRule(
        events.CaseChanged,
        "case_ended_info",
        views.CASE_CHANGE,
        staff(manager),
        when=conditions.changed_by("withdrawn"),
    ),
    NoticeRule(
        events.CaseChanged,
        "case_ended_info",
        views.CASE_CHANGE,
        staff(manager, supervisors),
        when=conditions.changed_by("refused"),
    ),
    NoticeRule(
        events.CaseChanged,
        "case_handed_over",
        views.CASE_CHANGE,
        staff(manager),
        when=conditions.changed_by("handed_over"),
    ),
    # Sums and papers.
    NoticeRule(events.QuoteIssued, "quote_ready", views.QUOTE, CUSTOMER),
    NoticeRule(events.QuoteChosen, "quote_chosen", views.QUOTE, staff(manager)),
    NoticeRule(events.PaperMade, "paper_ready", views.PAPER, CUSTOMER),
    NoticeRule(
        events.PaperConfirmed,
        "paper_confirmed",
        views.PAPER,
        staff(maker_of_paper),
    ),
    NoticeRule(
        events.PaperConfirmed,
        "paper_confirmed_info",
        views.PAPER,
        staff(manager),
    ),
    # Visits.
    NoticeRule(events.VisitBooked, "visit_booked", views.VISIT, CUSTOMER),
    NoticeRule(events.VisitBooked, "staff_visit_booked", views.VISIT, staff(visitors)),
    NoticeRule(events.VisitMoved, "visit_moved", views.MOVED_VISIT, CUSTOMER),
    NoticeRule(events.VisitMoved, "staff_visit_moved", views.MOVED_VISIT, staff(visitors_who_stay)),
    NoticeRule(events.VisitMoved, "staff_visit_booked", views.MOVED_VISIT, staff(visitors_who_join)),
    NoticeRule(events.VisitMoved, "staff_visit_cancelled", views.FORMER_VISIT, staff(visitors_who_leave)),
    NoticeRule(events.VisitCancelled, "visit_cancelled", views.VISIT, CUSTOMER),
    NoticeRule(events.VisitCancelled, "staff_visit_cancelled", views.VISIT, staff(visitors)),
    NoticeRule(
        events.VisitNotNeeded, "visit_not_needed", views.VISIT, CUSTOMER, when=conditions.before_the_visit
    ),
    NoticeRule(events.VisitNotNeeded, "staff_visit_cancelled", views.VISIT, staff(visitors)),
    NoticeRule(
        events.VisitAfterDue, "staff_visit_after_due", views.VISIT, staff(manager), key=keys.each_time
    ),
    NoticeRule(
        events.VisitPlaceChanged, "staff_visit_place", views.VISIT, staff(visitors), key=keys.each_time
    ),
    NoticeRule(events.VisitUnended, "staff_visit_unended", views.VISIT, staff(visitors_who_came)),
    NoticeRule(events.VisitEndedByJobs, "staff_visit_ended", views.VISIT, staff(came_or_lead, manager)),
    NoticeRule(events.VisitNear, "visit_tomorrow", views.TRIP, CUSTOMER, when=conditions.trip_is_tomorrow),
    NoticeRule(
        events.VisitNear,
        "staff_visit_tomorrow",
        views.TRIP,
        staff(visitors_of_trip),
        when=conditions.evening_before,
    ),
    NoticeRule(
        events.WorkMissingBeforeVisit,
        "missing_before_visit",
        views.TASK,
        staff(holders, manager),
        key=keys.each_time,
    ),
    NoticeRule(events.VisitNear, "visit_soon", views.TRIP, CUSTOMER, when=conditions.trip_is_soon),
    NoticeRule(
        events.VisitNear,
        "staff_visit_soon",
        views.TRIP,
        staff(visitors_of_trip),
        when=conditions.shortly_before,
    ),
    NoticeRule(events.VisitDelayed, "visit_delayed", views.VISIT, CUSTOMER, key=keys.each_time),
    NoticeRule(
        events.VisitDelayReached,
        "visit_delay_reached",
        views.VISIT_WITH_NEXT_OPENING,
        CUSTOMER,
        when=conditions.delayed,
        key=keys.each_time,
    ),
    NoticeRule(
        events.VisitDelayReached,
        "visit_on_time",
        views.VISIT,
        CUSTOMER,
        when=conditions.on_time_again,
        key=keys.each_time,
    ),
    NoticeRule(
        events.VisitDelayReached,
        "staff_visit_delay_reached",
        views.VISIT,
        staff(visitors),
        key=keys.each_time,
    ),
    NoticeRule(events.VisitLate, "visit_late", views.VISIT_WITH_NEXT_OPENING, CUSTOMER, key=keys.each_time),
    NoticeRule(
        events.VisitLate,
        "staff_visit_late",
        views.VISIT_WITH_NEXT_OPENING,
        staff(lead_visitor, manager),
        key=keys.each_time,
    ),
    NoticeRule(
        events.VisitInDoubt, "visit_in_doubt", views.VISIT_WITH_NEXT_OPENING, CUSTOMER, key=keys.each_time
    ),
    NoticeRule(
        events.VisitInDoubt,
        "staff_visit_in_doubt",
        views.VISIT_WITH_NEXT_OPENING,
        staff(manager),
        key=keys.each_time,
    ),
    NoticeRule(events.VisitOffered, "visit_offered", views.VISIT, CUSTOMER),
    NoticeRule(events.VisitWaitEnded, "visit_wait_ended", views.VISIT, CUSTOMER),
    NoticeRule(events.VisitMissed, "visit_missed", views.VISIT_WITH_NEXT_OPENING, CUSTOMER),
    NoticeRule(
        events.VisitMissed, "staff_visit_missed", views.VISIT_WITH_NEXT_OPENING, staff(lead_visitor, manager)
    ),
    # Conversations, chases, complaints. Of the utility, whoever answers at present is told.
    NoticeRule(
        events.MessagesUnread,
        "message_waiting",
        views.UNREAD_MESSAGES,
        CUSTOMER,
        when=conditions.unread_by_customer,
    ),
    NoticeRule(
        events.MessagesUnread,
        "customer_wrote",
        views.UNREAD_MESSAGES,
        staff(answering),
        when=conditions.unread_by_staff,
    ),
    NoticeRule(
        events.GuestInvited, "talk_invited", views.INVITATION, staff(first_of("talk_invited", department))
    ),
    NoticeRule(events.GuestInvited, "talk_invited_info", views.INVITATION, staff(department)),
    NoticeRule(events.AnswerDue, "answer_due", views.OWED_ANSWER, staff(answering), when=conditions.near_due),
    NoticeRule(
        events.AnswerDue,
        "answer_overdue",
        views.OWED_ANSWER,
        staff(answering),
        when=conditions.overdue,
    ),
    NoticeRule(
        events.AnswerDue,
        "answer_overdue_info",
        views.OWED_ANSWER,
        staff(supervisors),
        when=conditions.overdue,
    ),
    NoticeRule(events.CaseChased, "case_chased", views.CHASE, staff(manager)),
    NoticeRule(events.CaseChased, "stage_chased", views.CHASE, staff(holders)),
    NoticeRule(events.ChaseOverdue, "chase_overdue", views.CHASE_AT, staff(manager)),
    NoticeRule(events.ChaseOverdue, "chase_overdue_info", views.CHASE_AT, staff(holders, supervisors)),
    NoticeRule(events.ComplaintRaised, "complaint_raised", views.COMPLAINT, staff(responsible)),
    NoticeRule(events.ComplaintRaised, "complaint_raised_info", views.COMPLAINT, staff(supervisors)),
    NoticeRule(
        events.ComplaintDue, "complaint_due", views.COMPLAINT_AT, staff(responsible), when=conditions.near_due
    ),
    NoticeRule(
        events.ComplaintDue,
        "complaint_overdue",
        views.COMPLAINT_AT,
        staff(responsible, supervisors),
        when=conditions.overdue,
    ),
    NoticeRule(events.ComplaintAnswered, "complaint_answered", views.COMPLAINT_AT, CUSTOMER),
    # What people are certified for.
    NoticeRule(events.SkillLapsing, "skill_lapsing", views.SKILL, staff(supervisors, holder_of_skill)),
    # Somebody leaves, and their work finds somebody else.
    NoticeRule(events.StaffLeft, "staff_left", views.DEPARTURE, staff(supervisors)),
    NoticeRule(events.HandoversProposed, "handover_proposed", views.PROPOSAL, staff(proposed_manager)),
    NoticeRule(
        events.TaskReassigned,
        "task_reassigned",
        views.REASSIGNED_TASK,
        staff(first_of("task_reassigned", holders)),
    ),
    NoticeRule(events.TaskReassigned, "task_in_queue", views.REASSIGNED_TASK, staff(holders)),
    NoticeRule(events.TaskReassigned, "task_taken_back", views.REASSIGNED_TASK, staff(former_holder)),
    # The morning: what did not arrive, which is part of the message that follows.
    NoticeRule(events.DataDeleted, "data_deleted", views.TERMS, staff(supervisors)),
    NoticeRule(MessagesUndelivered, "undelivered", views.UNDELIVERED, staff(supervisors)),
    NoticeRule(MorningCame, "morning_digest", views.DIGEST, staff(reader)),
)
"""In the order in which the notices of one event are written."""
