"""The submission of an application as one writes it first: each row an ORM object, each reader an ORM query.

It writes the same rows in one transaction, with the same checks, encryption, messages and durability, by the
same rules (the domain's engine, the city's data, the catalogue's words); the benchmark counts the rows of
every table to be sure. What it does not do is shape a statement for what is hot.
"""

import secrets
from datetime import datetime

from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain import budget
from app.domain.programs import engine
from app.domain.programs.definition import Program
from app.domain.programs.definition import Stage as StageSpec
from app.domain.programs.figures import StageLog
from app.domain.programs.tasks import Holder
from app.models import (
    Actor,
    Application,
    Case,
    Customer,
    DocumentRequest,
    LedgerEntry,
    LedgerKind,
    PromiseWatch,
    Staff,
    StaffLeave,
    Stage,
    Task,
    TimelineEntry,
    Timer,
    TimerKind,
    Watch,
)
from app.services.applications.answers import check, form_of
from app.services.cases.submit import lookup_hash
from app.services.event_views.cases import CaseView, TaskView
from app.services.installation import city
from app.services.people.recipients import CustomerRecipient, StaffRecipient
from notifications.handlers.message_values import MessageValues
from notifications.models import DeliveryState, Notice, OutboxMessage, SubscribeConsent
from notifications.outbox import delivery_rules
from notifications.outbox.outbox import dedupe_key
from notifications.wording import catalog
from notifications.wording.kinds import Audience, Channel


def submit(application_id: str, customer_id: str) -> Case:
    """A customer's complete application becomes a case with its manager, first stage, timers and messages."""
    application = db.session.scalars(
        select(Application)
        .where(Application.id == application_id, Application.customer_id == customer_id)
        .with_for_update()
    ).one()
    if application.submitted_at is not None or application.phone_hash is None:
        raise RuntimeError("the benchmark submits each application once")
    check(form_of(application.program_key), application.answers, partial=False)
    now = clock.now()
    program = city.program(application.program_key)
    case = _case(application, application.phone_hash, program, now)
    application.submitted_at = now
    db.session.add(case)
    db.session.flush()
    db.session.add(
        LedgerEntry(
            case_id=case.id, at=now, kind=LedgerKind.DOCUMENT, quantity=1, what=program.documents[0].name
        )
    )
    document = program.documents[0].key
    db.session.add(DocumentRequest(case_id=case.id, document_key=document, asked_at=now))
    _note(case, now, "document_asked", Actor.ENGINE, None, {"document": document})
    _note(case, now, "case_opened", Actor.CUSTOMER, customer_id, {"channel": case.channel})
    tasks = [
        task
        for spec in engine.stages_to_open(program, (), (), by_consultation=False)
        for task in _open_stage(case, spec, now)
    ]
    db.session.flush()
    _watch(case, program, now)
    _tell(case.id, tasks, now)
    return case


def _case(application: Application, phone_hash: str, program: Program, now: datetime) -> Case:
    answers = application.answers
    number = _number(now)
    return Case(
        id=new_id(),
        number=number,
        application_id=application.id,
        program_key=program.key,
        program_version=program.version,
        customer_id=application.customer_id,
        phone_hash=phone_hash,
        lookup_hash=lookup_hash(number, answers["contact_phone"]),
        manager_id=_manager(application, phone_hash, answers["district"], now),
        district=answers["district"],
        project_name=answers["project_name"],
        channel=application.channel,
        opened_at=now,
        confirmed_at=now,
        calendar_version=city.working_time().version,
    )


def _number(now: datetime) -> str:
    day = now.astimezone(city.working_time().zone).strftime("%y%m%d")
    while True:
        number = f"{day}{secrets.randbelow(10**8):08d}"
        if db.session.scalars(select(Case).where(Case.number == number)).first() is None:
            return number


def _manager(application: Application, phone_hash: str, district: str, now: datetime) -> str:
    earlier = db.session.scalars(
        select(Case)
        .where((Case.phone_hash == phone_hash) | (Case.customer_id == application.customer_id))
        .order_by(Case.opened_at.desc())
        .limit(1)
    ).first()
    if earlier is not None:
        return _acting(earlier.manager_id, now)
    managers = db.session.scalars(
        select(Staff)
        .where(Staff.active.is_(True), Staff.is_manager.is_(True))
        .order_by(
            select(func.count())
            .where(Case.manager_id == Staff.id, Case.closed_at.is_(None))
            .correlate(Staff)
            .scalar_subquery(),
            Staff.number,
        )
    ).all()
    present = [manager for manager in managers if _acting(manager.id, now) == manager.id]
    return next((manager.id for manager in present if district in manager.districts), present[0].id)


def _acting(staff_id: str, now: datetime) -> str:
    leave = db.session.scalars(
        select(StaffLeave).where(
            StaffLeave.staff_id == staff_id, StaffLeave.starts_at <= now, StaffLeave.ends_at > now
        )
    ).first()
    return staff_id if leave is None else leave.deputy_id


def _note(case: Case, now: datetime, kind: str, actor: Actor, by: str | None, detail: dict[str, str]) -> None:
    db.session.add(TimelineEntry(case_id=case.id, at=now, kind=kind, actor=actor, actor_id=by, detail=detail))


def _open_stage(case: Case, spec: StageSpec, now: datetime) -> list[Task]:
    line = city.working_time()
    stage = Stage(case_id=case.id, key=spec.key, round=1, opened_at=now)
    stage.due_at = engine.stage_due(line, spec, now, ())
    db.session.add(stage)
    _note(case, now, "stage_opened", Actor.ENGINE, None, {"stage": spec.key})
    tasks = []
    for task_spec in engine.tasks_to_open(spec, (), ()):
        task = Task(
            id=new_id(),
            case_id=case.id,
            stage_key=spec.key,
            key=task_spec.key,
            department=task_spec.department,
            assignee_id=_acting(case.manager_id, now) if task_spec.holder is Holder.MANAGER else None,
            opened_at=now,
            due_at=engine.task_due(line, spec, task_spec, now, stage.due_at, ()),
        )
        db.session.add(task)
        tasks.append(task)
        reminders = engine.reminders(
            line, spec, task_spec, stage_opened_at=now, task_opened_at=now, due=task.due_at, stops=()
        )
        db.session.add_all(
            Timer(
                due_at=reminder.at,
                kind=TimerKind.REMINDER,
                case_id=case.id,
                task_id=task.id,
                occurrence=occurrence,
                reminders=",".join(reminder.kinds),
            )
            for occurrence, reminder in enumerate(reminders, start=1)
        )
        if task.due_at is not None:
            db.session.add(
                Timer(
                    due_at=engine.overdue_at(line, max(task.due_at, now), 1),
                    kind=TimerKind.OVERDUE,
                    case_id=case.id,
                    task_id=task.id,
                    occurrence=1,
                )
            )
    return tasks


def _watch(case: Case, program: Program, now: datetime) -> None:
    line = city.working_time()
    rows = db.session.scalars(select(Stage).where(Stage.case_id == case.id)).all()
    logs = [StageLog(row.key, row.opened_at, row.due_at, row.completed_at) for row in rows]
    threat = budget.budget(line, program, logs, (), now, stopped=False).threat
    if threat is not None:
        db.session.add(
            PromiseWatch(case_id=case.id, watch=Watch.TOTAL, stage_key=threat.stage, due_at=threat.at)
        )
    headline = budget.headline_budget(line, program, logs, {}, (), now, stopped=False)
    if headline is not None and headline.running is not None and headline.warn_at is not None:
        db.session.add(
            PromiseWatch(
                case_id=case.id, watch=Watch.HEADLINE, stage_key=headline.running, due_at=headline.warn_at
            )
        )
    db.session.flush()


def _tell(case_id: str, tasks: list[Task], now: datetime) -> None:
    """Each message reads what it speaks of, as an independent listener of an event does."""
    brief = _case_brief(case_id, now)
    values = _speech(now).of_case(brief)
    customer = db.session.get_one(Customer, brief.customer.customer_id if brief.customer else "")
    _enqueue(
        "case_accepted",
        case_id,
        brief,
        None,
        values,
        customer.id,
        customer.openid,
        customer.service_openid,
    )
    _enqueue_staff("new_case", case_id, brief, None, values, [brief.acting])
    for task in tasks:
        told = catalog.current().messages["new_case"].includes_tasks
        task_brief = _task_brief(task.id, now)
        people = [
            person
            for person in task_brief.holders
            if task.key not in told or not _is_told(dedupe_key("new_case", case_id, person.staff_id))
        ]
        _enqueue_staff(
            "task_opened", task.id, task_brief.case, task.id, _speech(now).of_task(task_brief), people
        )


def _speech(now: datetime) -> MessageValues:
    return MessageValues(catalog.current().wording, city.working_time().zone, now)


def _case_brief(case_id: str, now: datetime) -> CaseView:
    case = db.session.scalars(select(Case).where(Case.id == case_id)).one()
    manager = db.session.scalars(select(Staff).where(Staff.id == case.manager_id)).one()
    acting = db.session.get_one(Staff, _acting(manager.id, now))
    customer = db.session.scalars(select(Customer).where(Customer.id == case.customer_id)).one()
    return CaseView(
        case_id=case.id,
        number=case.number,
        project_name=case.project_name,
        program_name=city.program(case.program_key).name,
        opened_at=case.opened_at,
        customer=CustomerRecipient(
            customer.id, {"subscribe": customer.openid, "template": customer.service_openid or ""}
        ),
        manager=_person(manager),
        acting=_person(acting),
    )


def _task_brief(task_id: str, now: datetime) -> TaskView:
    task = db.session.scalars(select(Task).where(Task.id == task_id)).one()
    case = _case_brief(task.case_id, now)
    program = city.program(db.session.get_one(Case, task.case_id).program_key)
    stage = program.stage(task.stage_key)
    if task.assignee_id is None:
        holders = db.session.scalars(
            select(Staff)
            .where(Staff.active.is_(True), Staff.department == task.department)
            .order_by(Staff.number)
        ).all()
    else:
        holders = [db.session.get_one(Staff, task.assignee_id)]
    return TaskView(
        task_id=task.id,
        case=case,
        task_key=task.key,
        task_name=stage.task(task.key).name,
        stage_key=stage.key,
        stage_name=stage.name,
        stage_kind=stage.kind.value,
        department_name=city.department_name(task.department),
        holders=tuple(_person(person) for person in holders),
        opened_at=task.opened_at,
        due_at=task.due_at,
        is_open=True,
    )


def _person(row: Staff) -> StaffRecipient:
    return StaffRecipient(row.id, row.number, row.name, row.phone, {"template": row.service_openid or ""})


def _is_told(key: str) -> bool:
    return db.session.scalars(select(Notice).where(Notice.dedupe_key == key)).first() is not None


def _enqueue_staff(
    kind: str,
    event_key: str,
    case: CaseView,
    task_id: str | None,
    values: dict[str, str],
    people: list[StaffRecipient],
) -> None:
    for person in people:
        _enqueue(
            kind, event_key, case, task_id, values, person.staff_id, None, person.addresses.get("template")
        )


def _enqueue(
    kind: str,
    event_key: str,
    case: CaseView,
    task_id: str | None,
    values: dict[str, str],
    recipient_id: str,
    openid: str | None,
    service_openid: str | None,
) -> None:
    rendered = catalog.current().render(kind, values, {"case_id": case.case_id, "task_id": task_id or ""})
    key = dedupe_key(kind, event_key, recipient_id)
    if _is_told(key):
        return
    audience = catalog.current().messages[kind].audience
    notice = Notice(
        id=new_id(),
        customer_id=recipient_id if audience is Audience.CUSTOMER else None,
        staff_id=recipient_id if audience is Audience.STAFF else None,
        case_id=case.case_id,
        task_id=task_id,
        kind=kind,
        title=rendered.title,
        body=rendered.body,
        page=rendered.page,
        dedupe_key=key,
        created_at=clock.now(),
    )
    db.session.add(notice)
    db.session.flush()
    routes = []
    subscribe = rendered.filled.get(Channel.SUBSCRIBE)
    if subscribe is not None and openid is not None and _consents(openid, subscribe.template_key):
        routes.append((Channel.SUBSCRIBE, openid))
    if Channel.TEMPLATE in rendered.filled and service_openid is not None:
        routes.append((Channel.TEMPLATE, service_openid))
    ways = [
        {
            "channel": channel.value,
            "template_key": rendered.filled[channel].template_key,
            "openid": target,
            "data": dict(rendered.filled[channel].data),
        }
        for channel, target in routes
    ]
    if ways:
        db.session.add(
            OutboxMessage(
                id=new_id(),
                notice_id=notice.id,
                kind=kind,
                case_id=case.case_id,
                task_id=task_id,
                audience=audience,
                recipient_id=recipient_id,
                page=rendered.page,
                next_channels={"routes": ways[1:]},
                dedupe_key=key,
                importance=delivery_rules.current().importance_of(kind),
                state=DeliveryState.WAITING,
                next_attempt_at=clock.now(),
                created_at=clock.now(),
                **ways[0],
            )
        )
        db.session.flush()


def _consents(openid: str, template_key: str) -> bool:
    consent = db.session.get(SubscribeConsent, (openid, template_key))
    return consent is not None and consent.remaining > 0
