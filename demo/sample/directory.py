"""Who has logged in while the sample is loaded: staff by number, customers by their key in people.toml."""

from app.core import clock
from app.models import Case, Task
from app.services.installation import city
from app.services.people import identity
from app.services.people.staffing import Colleague
from demo.people import fictional_people as people
from demo.people.fictional_people import Person
from notifications.outbox import consents

SUPERVISOR = "S001"
ACCEPTS = 3


class Directory:
    """Read once, since nobody of the sample's staff comes or goes. Call inside a transaction."""

    def __init__(self) -> None:
        """Everybody at the utility, who must have been entered and bound before."""
        self._staff: dict[str, Colleague] = {}
        for member in people.staff():
            known = identity.staff_of(member.openid)
            if known is None:
                raise LookupError(f"{member.key} has not logged in")
            self._staff[member.key] = Colleague.of(known)
        self._customers: dict[str, str] = {}

    def member(self, number: str) -> Colleague:
        """Somebody at the utility by their number."""
        return self._staff[number]

    def supervisor(self) -> Colleague:
        """A supervisor, who may see and do everything."""
        return self._staff[SUPERVISOR]

    def manager_of(self, case: Case) -> Colleague:
        """The manager who accompanies a case."""
        return self._by_id(case.manager_id)

    def holder_of(self, task: Task) -> Colleague:
        """The person a task is assigned to, or the first of the department in whose queue it waits."""
        if task.assignee_id is not None:
            return self._by_id(task.assignee_id)
        return next(member for member in self._staff.values() if member.department == task.department)

    def log_in(self, person: Person) -> str:
        """A customer logs in, agrees to the privacy text and to messages, and gives the phone; their id."""
        customer = identity.sign_in_customer(person.openid, person.unionid)
        identity.consent(customer.id, city.current().city.privacy.version)
        identity.verify_phone(customer.id, f"+86{person.phone}", clock.now())
        self._customers[person.key] = customer.id
        # A few taps only: what comes later than these few is told by a call, as for many a real customer.
        for _ in range(ACCEPTS):
            consents.record_accepted(
                customer.id, {template.key: 1 for template in consents.templates_to_ask(customer.id)}
            )
        return customer.id

    def customer_id(self, person: Person) -> str:
        """The id of a customer who has logged in. Raises `KeyError` for any other."""
        return self._customers[person.key]

    def find_customer(self, person: Person) -> str | None:
        """The same, or None for somebody who has not logged in."""
        return self._customers.get(person.key)

    def _by_id(self, staff_id: str) -> Colleague:
        return next(member for member in self._staff.values() if member.id == staff_id)
