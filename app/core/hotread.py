"""Selects that are asked all day long: compiled once, run on the driver's own cursor (design.md, rule 9).

SQLAlchemy's way from a statement to rows costs several times what the database needs for a look-up by key.
Here it is gone once, and each asking pays for the database alone.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CompoundSelect, Select
from sqlalchemy.engine import Dialect

from app.core.db import READS, db, is_reading

Rows = list[tuple[Any, ...]]


class HotRead:
    """One select. Its parameters are texts; its columns come out as the types of the tables say.

    In a transaction that only reads it runs by itself, outside of any transaction, on the engine for reads:
    no BEGIN, no ROLLBACK. So what must be of one moment has to be one statement. In a transaction that may
    write it sees what that transaction has written.
    """

    def __init__(self, statement: "Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]") -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, parameters: Mapping[str, str]) -> Rows:
        """Every row of the answer to these parameters."""
        if not is_reading():
            db.session.flush()
            connection = db.session.connection()
            return self._for(connection.dialect).fetch(connection.connection, parameters)
        engine = db.engines[READS]
        compiled = self._for(engine.dialect)
        try:
            return _alone(compiled, parameters)
        except engine.dialect.loaded_dbapi.Error as fault:
            # A database that was restarted cut every connection of the pool; a read may just ask again.
            if not engine.dialect.is_disconnect(fault, None, None):
                raise
            engine.dispose()
            return _alone(compiled, parameters)

    def _for(self, dialect: Dialect) -> "_Compiled":
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        return compiled
