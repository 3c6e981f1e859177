"""The application forms (用水申请表) as data: one for each program, read from the city's forms/*.toml.

A form holds what the utility needs in order to bring water, and no more: it is the one paper of a
“1 项申请资料” program (二(一)1) and the only trace of one in 零资料 (二(二)2). Which values are allowed is
said here as data; `form_check` does the checking.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

from app.domain.choices import Choice, ChoiceLists, read_choices
from app.domain.city import load_city
from app.domain.config_error import ConfigError
from app.domain.toml_reader import DataFaults, Source, Table, check_unique, each_fault

Prefill = Literal["phone", "earlier_case"]
PREFILLS = ("phone", "earlier_case")


class FieldKind(StrEnum):
    """What a field holds, in its JSON form.

    `location` is {"latitude_gcj02": degrees, "longitude_gcj02": degrees}, `date` an ISO date, `list` a list
    of objects with the field's sub-fields; `integer` and `decimal` are JSON numbers, all others texts.
    """

    TEXT = "text"
    PHONE = "phone"
    CREDIT_CODE = "credit_code"
    CHOICE = "choice"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    LOCATION = "location"
    DATE = "date"
    LIST = "list"


PERSONAL_KINDS = frozenset({FieldKind.PHONE, FieldKind.CREDIT_CODE})
"""Kinds that are always personal data (docs/decisions/0005): a sole trader's credit code names a person."""

BOUNDED_KINDS = frozenset({FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.LIST})
"""Kinds whose data must say how much is sensible: numbers by value, lists by rows."""

NEEDED_FIELDS = {
    "project_name": FieldKind.TEXT,
    "contact_name": FieldKind.TEXT,
    "contact_phone": FieldKind.PHONE,
    "district": FieldKind.CHOICE,
    "address": FieldKind.TEXT,
    "location": FieldKind.LOCATION,
    "use_class": FieldKind.CHOICE,
    "calibre": FieldKind.CHOICE,
    "meter_count": FieldKind.INTEGER,
}
"""The fields that the product itself reads from every form, whatever the city."""

PERSONAL_FIELDS = frozenset({"contact_name", "address"})
"""Needed fields that are personal data though their kind does not say so."""


DEMAND_FIELDS = frozenset({"use_class", "calibre", "meter_count"})
"""Needed fields that every department must learn beforehand (各部门应提前了解客户用水需求)."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form.

    `required_when`: required also when that other (choice) field has one of those values. `personal`: kept
    encrypted and masked in lists. `max_length`: characters. `min`, `max`: of a number, or of the rows of a
    list. `prefill`: what it may be filled from before the customer types. `fields`: the columns of a list.
    `demand`: what departments learn beforehand of the water that is wanted; nothing that names the customer.
    """

    key: str
    label: str
    kind: FieldKind
    required: bool = False
    required_when: tuple[str, tuple[str, ...]] | None = None
    personal: bool = False
    max_length: int | None = None
    choices: tuple[Choice, ...] = ()
    min: Fraction | None = None
    max: Fraction | None = None
    prefill: Prefill | None = None
    help: str = ""
    section: str = ""
    fields: tuple["FormField", ...] = ()
    demand: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The application form of one program; `cite` says what its choice of fields rests on."""

    key: str
    name: str
    fields: tuple[FormField, ...]
    cite: str = ""

    def field(self, key: str) -> FormField:
        """The field of that key; `KeyError` when the form has none."""
        for field in self.fields:
            if field.key == key:
                return field
        raise KeyError(key)


def load_forms(folder: Path) -> dict[str, Form]:
    """Every form of the city in `folder` (its forms/*.toml), by key.

    :raises ConfigError: with every fault of every form, each naming file, key and fault.
    """
    lists = load_city(folder).choices
    forms: dict[str, Form] = {}
    faults: list[ConfigError] = []
    for file in sorted((folder / "forms").glob("*.toml")):
        try:
            form = _load_form(file, lists)
        except ConfigError as error:
            faults += each_fault(error)
        else:
            forms[form.key] = form
    if not forms and not faults:
        faults.append(ConfigError(folder / "forms", "", "holds no form"))
    if faults:
        raise DataFaults(tuple(faults))
    return forms


def _load_form(file: Path, lists: ChoiceLists) -> Form:
    source = Source(file)
    root = source.root
    key = root.text("key")
    if key and key != file.stem:
        root.fault("key", f"must be {file.stem!r}, as the file is called")
    rows = root.tables("fields")
    fields = tuple(_read_field(row, lists) for row in rows)
    form = Form(key=key, name=root.text("name"), fields=fields, cite=root.cite())
    check_unique(rows, [field.key for field in fields])
    _check_conditions(rows, fields)
    _check_needed(source, rows, fields)
    source.finish()
    return form


def _read_field(row: Table, lists: ChoiceLists) -> FormField:
    kind = row.choice("kind", FieldKind)
    field = FormField(
        key=row.text("key"),
        label=row.text("label"),
        kind=kind,
        required=row.flag("required"),
        required_when=_read_condition(row),
        personal=row.flag("personal"),
        max_length=row.whole("max_length", optional=kind is not FieldKind.TEXT),
        choices=read_choices(row, lists, wanted=kind is FieldKind.CHOICE),
        min=row.number("min", optional=kind not in BOUNDED_KINDS),
        max=row.number("max", optional=kind not in BOUNDED_KINDS),
        prefill=_read_prefill(row),
        help=row.text("help", optional=True),
        section=row.text("section", optional=True),
        fields=_read_columns(row, kind, lists),
        demand=row.flag("demand"),
    )
    if field.min is not None and field.max is not None and field.min > field.max:
        row.fault("min", "is greater than max")
    if kind in PERSONAL_KINDS and not field.personal:
        row.fault("personal", f"a field of kind {kind.value!r} must be personal")
    if field.demand and (field.personal or kind is FieldKind.LOCATION):
        row.fault("demand", "must not be personal: it is shown without the customer's identity")
    return field


def _read_columns(row: Table, kind: FieldKind, lists: ChoiceLists) -> tuple[FormField, ...]:
    if kind is not FieldKind.LIST:
        return ()
    rows = row.tables("fields")
    columns = tuple(_read_field(column, lists) for column in rows)
    check_unique(rows, [column.key for column in columns])
    for place, column in enumerate(columns):
        if column.kind in (FieldKind.LIST, FieldKind.LOCATION) or column.required_when:
            rows[place].fault("kind", "a column of a list holds a plain value without conditions")
    return columns


def _read_condition(row: Table) -> tuple[str, tuple[str, ...]] | None:
    table = row.table("required_when", optional=True)
    if table is None:
        return None
    return table.text("field"), table.texts("values")


def _read_prefill(row: Table) -> Prefill | None:
    name = row.text("prefill", optional=True)
    if name and name not in PREFILLS:
        row.fault("prefill", f"must be one of {', '.join(PREFILLS)}")
    return cast("Prefill", name) if name in PREFILLS else None


def _check_conditions(rows: list[Table], fields: tuple[FormField, ...]) -> None:
    by_key = {field.key: field for field in fields}
    for row, field in zip(rows, fields, strict=True):
        if field.required_when is None:
            continue
        other, values = field.required_when
        offered = {choice.key for choice in by_key[other].choices} if other in by_key else set()
        for value in values:
            if value not in offered:
                row.fault("required_when", f"no field {other!r} offers the choice {value!r}")


def _check_needed(source: Source, rows: list[Table], fields: tuple[FormField, ...]) -> None:
    by_key = {field.key: (row, field) for row, field in zip(rows, fields, strict=True)}
    for key, kind in NEEDED_FIELDS.items():
        if key not in by_key:
            source.note("fields", f"the field {key!r} is missing; every form needs it")
            continue
        row, field = by_key[key]
        if field.kind is not kind:
            row.fault("kind", f"the field {key!r} must be of kind {kind.value!r}")
        if key in DEMAND_FIELDS and not field.demand:
            row.fault("demand", f"the field {key!r} must be part of the demand")
        if key in PERSONAL_FIELDS and not field.personal:
            row.fault("personal", f"the field {key!r} must be personal")
