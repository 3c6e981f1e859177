"""A walked case taken out of its database as COPY text, with blanks where another case differs.

Whatever the product wrote of it is there, row by row and column by column; only who, when and which are left
blank. So a printed case has just the rows that a case has, and a new column or table needs nothing here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Table

from app.core.db import db
from app.models import CaseState
from benchmarks.bulk.walks import Walk, Walked
from tests.world import SHANGHAI

# What belongs to a case, in an order in which nothing points at what is not there yet.
TABLES = (
    "applications",
    "cases",
    "stages",
    "tasks",
    "stops",
    "timeline",
    "ledger",
    "document_requests",
    "case_turns",
    "quotes",
    "papers",
    "payments",
    "meters",
    "timers",
    "promise_watches",
    "notices",
)
# Of one case or unique for another reason: the blank each of these cells is as a whole.
CELLS: Mapping[tuple[str, str], str] = {
    ("applications", "answers"): "answers",
    ("applications", "phone_hash"): "phone_hash",
    ("cases", "phone_hash"): "phone_hash",
    ("cases", "lookup_hash"): "lookup_hash",
    ("cases", "number"): "number",
    ("cases", "district"): "district",
    ("cases", "project_name"): "project",
    ("papers", "content"): "paper",
    ("papers", "sha256"): "paper_hash",
    ("papers", "confirmed_sha256"): "paper_hash",
}
# These stay as they are, with the case's digits behind.
NUMBERED = frozenset({("papers", "number"), ("payments", "receipt_number"), ("meters", "serial")})
NULL = "\\N"

Fill = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Blank:
    """The rows of one table of a case: a text with holes, and which value belongs into each."""

    table: str
    text: str
    values: tuple[int, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A case to print from. The values to fill in: fresh ids, days, then `names` in their order."""

    walk: Walk
    opened: date
    ids: int
    days: tuple[int, ...]
    """Days after the opening, in the order of their values."""
    answers: Mapping[str, Any]
    blanks: tuple[Blank, ...]


NAMES = (
    "number",
    "digits",
    "fraction",
    "phone_hash",
    "lookup_hash",
    "answers",
    "project",
    "customer",
    "manager",
    "district",
    "paper",
    "paper_hash",
)


def columns(table: Table) -> list[str]:
    """The columns that are written: all but a log's own row number."""
    return [column.name for column in table.columns if column is not table.autoincrement_column]


def take(connection: psycopg.Connection[Any], walked: Walked, answers: Mapping[str, Any]) -> Pattern:
    """Take a walked case out of the database on `connection`, whose time zone has to be UTC."""
    tables = {name: _rows(connection, db.metadata.tables[name], walked) for name in TABLES}
    case = dict(zip(columns(db.metadata.tables["cases"]), tables["cases"][0], strict=True))
    opened = walked.moments[0].astimezone(SHANGHAI).date()
    cutter = _Cutter(tables, case, walked, opened)
    blanks = tuple(cutter.cut(name, rows) for name, rows in tables.items() if rows)
    return Pattern(walked.walk, opened, len(cutter.ids), tuple(cutter.days), answers, cutter.placed(blanks))


def _rows(connection: psycopg.Connection[Any], table: Table, walked: Walked) -> list[list[str]]:
    """The case's rows of a table, each as its cells in COPY's own spelling."""
    condition = "case_id = {id}"
    if table.name == "cases":
        condition = "id = {id}"
    elif table.name == "applications":
        condition = "id = (SELECT application_id FROM cases WHERE id = {id})"
    elif table.name == "notices":
        # What staff were told of a case goes when it is closed: it is as much again as all the rest.
        condition += (
            " AND (staff_id IS NULL OR EXISTS (SELECT FROM cases WHERE id = {id} AND state = {open}))"
        )
    question = sql.SQL("COPY (SELECT {columns} FROM {table} WHERE " + condition + ") TO STDOUT")
    filled = question.format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns(table))),
        table=sql.Identifier(table.name),
        id=sql.Literal(walked.case_id),
        open=sql.Literal(CaseState.OPEN.value),
    )
    with connection.cursor() as cursor, cursor.copy(filled) as copied:
        text = b"".join(bytes(part) for part in copied).decode()
    return [line.split("\t") for line in text.splitlines()]


class _Cutter:
    """Cuts the blanks of one case; a value's place is known when all of them are found."""

    def __init__(
        self, tables: Mapping[str, list[list[str]]], case: Mapping[str, str], walked: Walked, opened: date
    ) -> None:
        self.ids = [
            row[columns(db.metadata.tables[name]).index("id")]
            for name, rows in tables.items()
            if "id" in columns(db.metadata.tables[name])
            for row in rows
        ]
        self.days: list[int] = []
        self._opened = opened
        self._known = {identifier: ("id", place) for place, identifier in enumerate(self.ids)}
        self._known |= {case["customer_id"]: ("customer", 0), case["manager_id"]: ("manager", 0)}
        moments = {f"{moment:%Y-%m-%d %H:%M:%S}+00" for moment in walked.moments}
        words = "|".join(map(re.escape, self._known))
        self._hole = re.compile(
            rf"(?P<moment>{'|'.join(map(re.escape, moments))})"
            rf"|(?P<day>\d{{4}}-\d\d-\d\d)(?=[ T]\d\d:\d\d)|(?P<known>{words})"
        )

    def cut(self, name: str, rows: Sequence[Sequence[str]]) -> tuple[str, str, list[tuple[str, int]], int]:
        """The text of a table's rows with %s for every hole, and what belongs into each."""
        holes: list[tuple[str, int]] = []
        heads = columns(db.metadata.tables[name])
        lines = [
            "\t".join(self._cell(name, head, cell, holes) for head, cell in zip(heads, row, strict=True))
            for row in rows
        ]
        return name, "".join(line + "\n" for line in lines), holes, len(rows)

    def placed(self, cut: Sequence[tuple[str, str, list[tuple[str, int]], int]]) -> tuple[Blank, ...]:
        """The blanks, now that every id and day has its place among the values."""
        after_ids = len(self.ids)
        after_days = after_ids + len(self.days)

        def place(kind: str, number: int) -> int:
            match kind:
                case "id":
                    return number
                case "day":
                    return after_ids + number
                case _:
                    return after_days + NAMES.index(kind)

        return tuple(
            Blank(name, text, tuple(place(*hole) for hole in holes), rows) for name, text, holes, rows in cut
        )

    def _cell(self, name: str, head: str, cell: str, holes: list[tuple[str, int]]) -> str:
        if cell == NULL:
            return cell
        if (name, head) in CELLS:
            holes.append((CELLS[name, head], 0))
            return "%s"
        if (name, head) in NUMBERED:
            holes.append(("digits", 0))
            return cell.replace("%", "%%") + "-%s"

        def hole(found: re.Match[str]) -> str:
            if known := found["known"]:
                holes.append(self._known[known])
                return "%s"
            text = found[0]
            holes.append(("day", self._day(text[:10])))
            if found["moment"]:
                # Else the same second would have opened thousands of cases.
                holes.append(("fraction", 0))
                return f"%s{text[10:-3]}.%s{text[-3:]}"
            return "%s"

        return self._hole.sub(hole, cell.replace("%", "%%"))

    def _day(self, text: str) -> int:
        offset = (date.fromisoformat(text) - self._opened).days
        if offset not in self.days:
            self.days.append(offset)
        return self.days.index(offset)
