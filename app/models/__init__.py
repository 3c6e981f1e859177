"""The nouns of the business as tables, one file each; columns and constraints, no logic."""

from app.models.access_record import AccessRecord, LookupCount
from app.models.application import Application
from app.models.availability import VisitChance, VisitClosure, VisitRecheck, VisitWait, WorkPattern
from app.models.calendar import CalendarDay, CalendarHalfDay, CalendarHours, CalendarMove, CalendarVersion
from app.models.case import Case, CaseState
from app.models.case_change import CaseChange, CaseChangeKind
from app.models.chase import Chase
from app.models.chat import ChatPerson, ChatSend, ChatSendKind, MediaKind, MessageCheck, MessageMedia
from app.models.complaint import Complaint, ComplaintState
from app.models.contact_try import ContactTry
from app.models.conversation import (
    Carriage,
    Conversation,
    ConversationGuest,
    ConversationReader,
    Medium,
    Message,
    MessageKind,
    Safety,
)
from app.models.conversation_note import ConversationNote, NoteKind
from app.models.conversation_timer import ConversationTimer, ConversationTimerKind
from app.models.customer import Customer, PrivacyConsent
from app.models.data_copy import DataCopy
from app.models.document import DeletedBytes, Document, DocumentRequest
from app.models.erasure import Erasure
from app.models.follower import Follower
from app.models.gate_exception import GateException
from app.models.idempotency import IdempotencyRecord
from app.models.job_run import JobRun
from app.models.ledger import LedgerEntry, LedgerKind
from app.models.meter import Meter
from app.models.paper import Paper
from app.models.partner import Capability, Partner, PartnerCase, PartnerKey, PartnerNonce
from app.models.payment import Payment
from app.models.plan import PlanConfirmation, PlanRefusal
from app.models.promise_watch import PromiseWatch, Watch
from app.models.quick_reply import QuickReply
from app.models.quote import Quote
from app.models.road_permit import PermitStep, RoadPermitStep
from app.models.session import Audience, Session
from app.models.skill import StaffSkill
from app.models.staff import CaseHandover, Staff, StaffDeparture, StaffLeave
from app.models.stage import Stage, StageVoid
from app.models.stop import Stop
from app.models.stop_review import Ruling, StopReview
from app.models.task import Task, TaskState
from app.models.timeline import Actor, TimelineEntry
from app.models.timer import Timer, TimerKind
from app.models.visit import (
    DueKind,
    Visit,
    VisitAttendee,
    VisitDayPlace,
    VisitDue,
    VisitPiece,
    VisitState,
)

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
    "Carriage",
    "Case",
    "CaseChange",
    "CaseChangeKind",
    "CaseHandover",
    "CaseState",
    "Chase",
    "ChatPerson",
    "ChatSend",
    "ChatSendKind",
    "Complaint",
    "ComplaintState",
    "ContactTry",
    "Conversation",
    "ConversationGuest",
    "ConversationNote",
    "ConversationReader",
    "ConversationTimer",
    "ConversationTimerKind",
    "Customer",
    "DataCopy",
    "DeletedBytes",
    "Document",
    "DocumentRequest",
    "DueKind",
    "Erasure",
    "Follower",
    "GateException",
    "IdempotencyRecord",
    "JobRun",
    "LedgerEntry",
    "LedgerKind",
    "LookupCount",
    "MediaKind",
    "Medium",
    "Message",
    "MessageCheck",
    "MessageKind",
    "MessageMedia",
    "Meter",
    "NoteKind",
    "Paper",
    "Partner",
    "PartnerCase",
    "PartnerKey",
    "PartnerNonce",
    "Payment",
    "PermitStep",
    "PlanConfirmation",
    "PlanRefusal",
    "PrivacyConsent",
    "PromiseWatch",
    "QuickReply",
    "Quote",
    "RoadPermitStep",
    "Ruling",
    "Safety",
    "Session",
    "Staff",
    "StaffDeparture",
    "StaffLeave",
    "StaffSkill",
    "Stage",
    "StageVoid",
    "Stop",
    "StopReview",
    "Task",
    "TaskState",
    "TimelineEntry",
    "Timer",
    "TimerKind",
    "Visit",
    "VisitAttendee",
    "VisitChance",
    "VisitClosure",
    "VisitDayPlace",
    "VisitDue",
    "VisitPiece",
    "VisitRecheck",
    "VisitState",
    "VisitWait",
    "Watch",
    "WorkPattern",
]
