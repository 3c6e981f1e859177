"""Simulating moves in memory, one after the other, as the jobs would make them."""

from collections.abc import Sequence

from app.domain.slots import grid
from app.domain.slots.openings import Opening
from app.models import Case, Visit
from app.services.scheduling import working_hours
from app.services.scheduling.availability import BookedTime, Supposition
from app.services.visits import appointments
from app.services.visits.booking import attendees, find_openings
from app.services.visits.booking.attendees import Choice
from app.services.visits.changes import revalidate
from app.services.visits.required_visits import Needed


class Plan:
    """A plan of moves. Each move sees the time that earlier moves freed and took."""

    def __init__(self) -> None:
        """Starts from what is booked."""
        self._given_up: list[str] = []
        self._taken: list[BookedTime] = []

    def move(self, case: Case, visit: Visit, needed: Needed) -> Opening | None:
        """Where a visit would be moved that cannot take place as booked; None when it would stay."""
        need = needed.purpose.need
        supposed = Supposition([*self._given_up, visit.id], self._taken)
        seen = find_openings.view(case, needed, find_openings.bookable(), supposed)
        opening = revalidate.nearest(seen, visit)
        if opening is None:
            return None
        piece = grid.piece_of(opening.starts_at)
        choice = Choice(case, need, seen.stretch, piece, appointments.staff_ids(visit.id))
        coming = attendees.choose_attendees(choice, seen.party, _best) or ()
        pieces = range(piece + need.taken.start, piece + need.taken.stop)
        day = working_hours.local_day(opening.starts_at)
        self._given_up.append(visit.id)
        self._taken += [BookedTime(seat.staff_id, pieces, day) for seat in coming]
        return opening


def _best(ranks: Sequence[Sequence[str]], _piece: int) -> list[str]:
    """Chooses the best without locking anybody."""
    return [rank[0] for rank in ranks]
