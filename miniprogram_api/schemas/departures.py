"""People who leave and come back, and the hand-overs that a supervisor confirms."""

from apiflask.fields import Boolean, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, text
from miniprogram_api.schemas.staff_visits import AffectedVisitsOut

_LONGEST_SUMMARY = 500


class DepartureIn(BaseSchema):
    """Who leaves, or is disabled."""

    staff_number = text(64, example="N099")


class MovedCaseOut(BaseSchema):
    """A case and the manager who is proposed and has it until a supervisor decides."""

    case_id = String(required=True)
    case_number = String(required=True)
    project_name = String(required=True)
    proposed_number = String(required=True)
    proposed_name = String(required=True)


class MovedTaskOut(BaseSchema):
    """A task that moves."""

    task_id = String(required=True)
    case_id = String(required=True)
    case_number = String(required=True)
    task_name = String(required=True)
    holder_name = String(
        required=True, allow_none=True, metadata={"description": "Null: the queue of the department"}
    )


class DepartedOut(BaseSchema):
    """What a departure moves."""

    id = String(required=True)
    staff_number = String(required=True)
    staff_name = String(required=True)
    cases = List(Nested(MovedCaseOut), required=True)
    tasks = List(Nested(MovedTaskOut), required=True)
    conversations = Integer(required=True, metadata={"description": "Number of conversations that move"})
    complaints = Integer(required=True, metadata={"description": "Number of complaints that move"})
    visits = Nested(AffectedVisitsOut, required=True)
    deputy_for = List(
        String(),
        required=True,
        metadata={"description": "Names of those whose leave names this person and who need another deputy"},
    )


class DepartureOut(BaseSchema):
    """Somebody who left and has not come back."""

    id = String(required=True)
    staff_number = String(required=True)
    staff_name = String(required=True)
    left_at = Moment(required=True)
    unconfirmed = Integer(required=True, metadata={"description": "Cases that wait for a confirmation"})


class DeparturesOut(BaseSchema):
    """Everybody who left and has not come back, the last first."""

    items = List(Nested(DepartureOut), required=True)


class ReturnedCaseOut(BaseSchema):
    """A case that is the returned manager's again."""

    case_id = String(required=True)
    case_number = String(required=True)
    project_name = String(required=True)


class ReturnOut(BaseSchema):
    """What a return restores."""

    cases = List(Nested(ReturnedCaseOut), required=True)


class HandoverOut(BaseSchema):
    """A case that needs a decision.

    `id` is null for a case without an active manager that nobody left lately: it is handed over by the
    ordinary hand-over, which needs `case_version`.
    """

    id = String(required=True, allow_none=True)
    case_id = String(required=True)
    case_number = String(required=True)
    case_version = Integer(required=True)
    project_name = String(required=True)
    former_number = String(required=True, allow_none=True)
    former_name = String(required=True, allow_none=True)
    proposed_number = String(required=True, metadata={"description": "Who has the case at present"})
    proposed_name = String(required=True)
    proposed_is_manager = Boolean(
        required=True, metadata={"description": "False: a manager has to be chosen"}
    )
    proposed_at = Moment(required=True, allow_none=True)


class HandoversOut(BaseSchema):
    """Cases that need a decision, oldest first."""

    items = List(Nested(HandoverOut), required=True)


class HandoverConfirmationIn(BaseSchema):
    """Confirms the proposed manager, or with `manager_number` chooses another."""

    manager_number = text(64, required=False, example="G002")
    summary = text(
        _LONGEST_SUMMARY, required=False, description="For the new manager; a usual sentence when left out"
    )


class HandoverConfirmationsIn(BaseSchema):
    """Which hand-overs to confirm: those of one departure, or all."""

    departure_id = text(64, required=False)


class ConfirmedOut(BaseSchema):
    """How many hand-overs were confirmed."""

    confirmed = Integer(required=True)


class ReassignmentIn(BaseSchema):
    """Who gets the task; left out: back to the queue, the manager or a reviewer, as the program says.

    `version` is the task's as the caller saw it.
    """

    staff_number = text(64, required=False, example="D002")
    version = Integer(required=True, strict=True)
