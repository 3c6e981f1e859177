"""One queue for every table of work: each due row is done by one worker, and none is lost.

Any number of jobs processes work at once (docs/decisions/0003). A row is claimed in one of two ways:

- Work that needs only the database is done in the transaction that claims it. `pop` deletes due rows and
  answers with what they held; `lock` keeps them, for the caller to mark as done. After a crash the rows are
  there as before.
- Work that asks somebody outside must not keep a transaction open. `claim` writes the worker's name and the
  end of its lease into the row; the caller commits, asks, and then uses `owned` or `release`. Both find the
  row only while it is still this worker's. When a worker dies its lease runs out, and the row is due again.

PostgreSQL skips rows that another worker has locked. SQLite lets one writer in at a time.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    Update,
    bindparam,
    delete,
    exists,
    func,
    inspect,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.dml import ReturningDelete

from app.core import clock
from app.core.db import Base, UtcDateTime, db
from app.core.list_parameter import one_of

NOW = bindparam("now", type_=UtcDateTime())
"""The instant by the clock, in the conditions of work that is due."""

_LIMIT = bindparam("limit", type_=Integer)
_AFTER = bindparam("after", type_=UtcDateTime())
_OWNER = bindparam("owner", type_=String())

WorkRow = TypeVar("WorkRow", bound=Base)
Parameters = Callable[[datetime], Mapping[str, Any]]
Locked = TypeVar("Locked", bound=Select[*tuple[Any, ...]])


def _only_now(now: datetime) -> Mapping[str, Any]:
    return {"now": now}


@dataclass(eq=False)
class Work:
    """Something that one job does whenever `is_due` is true; asked with those of all other jobs at once.

    `parameters` gives the values of the condition's parameters at an instant. Their names, except `now`, are
    this work's own.
    """

    name: str
    is_due: ColumnElement[bool]
    parameters: Parameters = field(default=_only_now, kw_only=True)


@dataclass(frozen=True, slots=True)
class Lease:
    """How a table notes who has claimed a row, and until when (`lasts`, by the clock).

    `until` may be the column by which rows fall due: a claimed row is then due again at the end of its lease.
    `also` are further columns that a claim writes.
    """

    owner: InstrumentedAttribute[str | None]
    until: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
    lasts: timedelta
    attempts: InstrumentedAttribute[int]
    also: Mapping[str, Any] = field(default_factory=dict)


class Queue(Work, Generic[WorkRow]):
    """The rows of one table, or of one part of it, that fall due and are claimed by one worker each."""

    def __init__(
        self,
        name: str,
        model: type[WorkRow],
        *,
        falls_due: InstrumentedAttribute[datetime] | None = None,
        due: Sequence[ColumnElement[bool]] = (),
        order_by: Sequence[Any] = (),
        locks_with: tuple[type[Base], ColumnElement[bool]] | None = None,
        lease: Lease | None = None,
        parameters: Parameters = _only_now,
    ) -> None:
        """Describe the work in a table.

        Rows are due when the instant in the column `falls_due` has come, the oldest first. Where there is
        more to it, `due` lists the conditions of which one has to be true, each as one index answers it, and
        `order_by` says what comes first. `locks_with` is a table, and how it is joined, whose rows are locked
        together with those of the queue.
        """
        conditions = tuple(due)
        if not conditions and falls_due is not None:
            conditions = (falls_due <= NOW,)
        self.model = model
        self.due: ColumnElement[bool] = or_(*conditions) if conditions else true()
        self._falls_due = falls_due
        # By nothing else: what is due at one instant would be sorted for every claim.
        self._order = tuple(order_by) or (() if falls_due is None else (falls_due,))
        self._locks_with = locks_with
        self._lease = lease
        self._keys = tuple(inspect(model).primary_key)
        table = inspect(model).local_table
        each = (select(*self._keys).select_from(table).where(part) for part in conditions or (true(),))
        super().__init__(name, or_(*map(exists, each)), parameters=parameters)

    # Work in the claiming transaction.

    def pop(self, limit: int, *, after: datetime | None = None) -> Sequence[Row[Any]]:
        """Delete up to `limit` due rows, in the caller's transaction; what they held, oldest first.

        With `after`, only rows that fell due later than that. Rows locked by another worker are left to it.
        """
        db.session.flush()
        asked = {**self.parameters(clock.now()), "limit": limit}
        if after is None:
            rows = db.session.connection().execute(self._pop, asked).all()
        else:
            rows = db.session.connection().execute(self._pop_after, asked | {"after": after}).all()
        return sorted(rows, key=attrgetter(self._column_due.key, *(key.name for key in self._keys)))

    def lock(self, limit: int) -> Sequence[WorkRow]:
        """Up to `limit` due rows, locked until the caller's transaction ends."""
        asked = {**self.parameters(clock.now()), "limit": limit}
        return db.session.scalars(self._lock, asked).all()

    def lock_one(self, key: Any) -> WorkRow | None:
        """The row with this key, locked; None when it isn't due any more, or another worker has it."""
        asked = {**self.parameters(clock.now()), "limit": 1, "key": key}
        row: WorkRow | None = db.session.scalar(self._lock_one, asked)
        return row

    def peek(self, limit: int, *columns: Any) -> Sequence[Row[Any]]:
        """These columns of up to `limit` due rows, which stay as they are and are nobody's."""
        statement = select(*columns).where(self.due).order_by(*self._order).limit(_LIMIT)
        return db.session.execute(statement, {**self.parameters(clock.now()), "limit": limit}).all()

    def locking(self, statement: Locked) -> Locked:
        """The `select` of other columns, or of fewer rows, made to lock due rows of this queue.

        For callers that keep the statement; its parameters are those of the queue, and `limit`.
        """
        locked: Any = (self.model,) if self._locks_with is None else (self.model, self._locks_with[0])
        return (
            statement.where(self.due)
            .order_by(*self._order)
            .limit(_LIMIT)
            .with_for_update(skip_locked=True, of=locked)
        )

    # Work outside of any transaction.

    def claim(self, owner: str, limit: int) -> Sequence[WorkRow]:
        """Lease up to `limit` due rows to a worker, in the caller's transaction; as they were before."""
        rows = self.lock(limit)
        self.lease([self.key_of(row) for row in rows], owner)
        return rows

    def lease(self, keys: Collection[Any], owner: str, now: datetime | None = None) -> None:
        """Write a worker's name and the end of its lease into rows that the caller has locked."""
        if not keys:
            return
        now = now or clock.now()
        asked = {"keys": list(keys), "owner": owner, "until": now + self.leased.lasts, "now": now}
        db.session.connection().execute(self._write_lease, asked)

    def owned(self, owner: str, key: Any) -> WorkRow | None:
        """The row with this key, locked, if it is still leased to this worker."""
        return db.session.scalar(
            select(self.model).where(self._key == key, self.leased.owner == owner).with_for_update()
        )

    def release(self, owner: str, key: Any, **values: Any) -> bool:
        """End a lease and write `values`, if the row is still leased to this worker; whether it was."""
        ended: dict[str, Any] = {self.leased.owner.key: None}
        if self.leased.until is not self._falls_due:
            ended[self.leased.until.key] = None
        db.session.flush()
        changed = db.session.connection().execute(
            update(self.model)
            .where(self._key == key, self.leased.owner == owner)
            .values(**ended | values)
            .returning(self._key)
        )
        return changed.first() is not None

    @property
    def is_owned(self) -> ColumnElement[bool]:
        """Whether a row is leased to the worker who is given as the parameter `owner`."""
        return self.leased.owner == _OWNER

    @property
    def leased(self) -> Lease:
        """How rows are leased. Raises `TypeError` for a queue whose rows never are."""
        if self._lease is None:
            message = f"rows of {self.name} are done in the transaction that claims them"
            raise TypeError(message)
        return self._lease

    def key_of(self, row: WorkRow) -> Any:
        """The key by which `lease`, `owned` and `release` know a row."""
        return getattr(row, self._key.key)

    # What waits.

    def pending(self) -> int:
        """How many rows are due by the clock."""
        counted = select(func.count()).select_from(self.model).where(self.due)
        return db.session.scalar(counted, self.parameters(clock.now())) or 0

    def next_due(self) -> datetime | None:
        """When the first row falls due, or fell due and was not done yet."""
        return db.session.scalar(select(func.min(self._column_due)))

    @cached_property
    def _pop(self) -> ReturningDelete[*tuple[Any, ...]]:
        return self._popping(select(*self._keys))

    @cached_property
    def _pop_after(self) -> ReturningDelete[*tuple[Any, ...]]:
        return self._popping(select(*self._keys).where(self._column_due > _AFTER))

    def _popping(self, keys: Select[Any]) -> ReturningDelete[*tuple[Any, ...]]:
        if self._locks_with is not None:
            keys = keys.join(*self._locks_with)
        due = self.locking(keys).cte("due")
        mine = tuple_(*self._keys) if len(self._keys) > 1 else self._keys[0]
        # All columns, and no object: the row is gone.
        held = inspect(self.model).local_table.c
        return delete(self.model).where(mine.in_(select(*due.c))).returning(*held)

    @cached_property
    def _lock(self) -> Select[Any]:
        return self.locking(select(self.model))

    @cached_property
    def _lock_one(self) -> Select[Any]:
        return self.locking(select(self.model).where(self._key == bindparam("key", type_=self._key.type)))

    @cached_property
    def _write_lease(self) -> Update:
        key = self._key
        among = (
            one_of(key, "keys")
            if isinstance(key.type, String)
            else key.in_(bindparam("keys", expanding=True))
        )
        lease = self.leased
        written = {
            lease.owner.key: _OWNER,
            lease.until.key: bindparam("until", type_=UtcDateTime()),
            lease.attempts.key: lease.attempts + 1,
            **lease.also,
        }
        return update(self.model).where(among).values(written)

    @property
    def _key(self) -> Any:
        (key,) = self._keys
        return key

    @property
    def _column_due(self) -> Any:
        if self._falls_due is None:
            message = f"{self.name} has no column by which its rows fall due"
            raise TypeError(message)
        return self._falls_due


def what_is_due(works: Sequence[Work], now: datetime | None = None) -> set[Work]:
    """Which of these have something to do now, by one statement that changes nothing."""
    if not works:
        return set()
    now = now or clock.now()
    asked: dict[str, Any] = {}
    for work in works:
        asked |= work.parameters(now)
    answer = db.session.connection().execute(_question(tuple(works)), asked).one()
    return {work for work, is_due in zip(works, answer, strict=True) if is_due}


@lru_cache(maxsize=16)
def _question(works: tuple[Work, ...]) -> Select[*tuple[Any, ...]]:
    return select(*(work.is_due.label(f"work_{place}") for place, work in enumerate(works)))
