"""The nouns of the business as tables, one file each; columns and constraints, no logic."""

from app.models.access import AccessRecord, LookupCount
from app.models.application import Application
from app.models.calendar import CalendarDay, CalendarHalfDay, CalendarHours, CalendarMove, CalendarVersion
from app.models.case import Case, CaseState
from app.models.customer import Customer, PrivacyConsent
from app.models.document import Document, DocumentRequest
from app.models.idempotency import IdempotencyRecord
from app.models.job_run import JobRun
from app.models.ledger import LedgerEntry, LedgerKind
from app.models.meter import Meter
from app.models.paper import Paper
from app.models.partner import Capability, Partner, PartnerCase, PartnerKey, PartnerNonce
from app.models.payment import Payment
from app.models.plan import PlanConfirmation
from app.models.promise_watch import PromiseWatch, Watch
from app.models.quote import Quote
from app.models.road_permit import PermitStep, RoadPermitStep
from app.models.session import Audience, Session
from app.models.staff import Staff, StaffLeave
from app.models.stage import Stage, StageVoid
from app.models.stop import Stop
from app.models.stop_review import Ruling, StopReview
from app.models.task import Task, TaskState
from app.models.timeline import Actor, TimelineEntry
from app.models.timer import Timer, TimerKind
from app.models.turn import CaseTurn, TurnKind

__all__ = [
    "AccessRecord",
    "Actor",
    "Application",
    "Audience",
    "CalendarDay",
    "CalendarHalfDay",
    "CalendarHours",
    "CalendarMove",
    "CalendarVersion",
    "Capability",
    "Case",
    "CaseState",
    "CaseTurn",
    "Customer",
    "Document",
    "DocumentRequest",
    "IdempotencyRecord",
    "JobRun",
    "LedgerEntry",
    "LedgerKind",
    "LookupCount",
    "Meter",
    "Paper",
    "Partner",
    "PartnerCase",
    "PartnerKey",
    "PartnerNonce",
    "Payment",
    "PermitStep",
    "PlanConfirmation",
    "PrivacyConsent",
    "PromiseWatch",
    "Quote",
    "RoadPermitStep",
    "Ruling",
    "Session",
    "Staff",
    "StaffLeave",
    "Stage",
    "StageVoid",
    "Stop",
    "StopReview",
    "Task",
    "TaskState",
    "TimelineEntry",
    "Timer",
    "TimerKind",
    "TurnKind",
    "Watch",
]
