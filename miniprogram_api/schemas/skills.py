"""Skills and certificates of members of staff."""

from apiflask.fields import Boolean, Date, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, text


class CertificateIn(BaseSchema):
    """A skill to enter or renew. `valid_until` is its last day; null when it does not lapse."""

    valid_until = Date(
        load_default=None, allow_none=True, error_messages={"invalid": "日期应写成2026-09-21的形式。"}
    )
    certificate = text(64, required=False, example="LP-2026-0001", description="Number of the certificate")


class SkillHolderOut(BaseSchema):
    """Somebody who has a skill."""

    number = String(required=True)
    name = String(required=True)
    department = String(required=True)
    valid_until = Date(required=True, allow_none=True)
    certificate = String(required=True, allow_none=True, metadata={"description": "Masked"})
    lapsed = Boolean(required=True)
    lapses_soon = Boolean(required=True)


class SkillOut(BaseSchema):
    """A skill of the city. Who lapses first stands first."""

    key = String(required=True)
    name = String(required=True)
    cite = String(required=True, metadata={"description": "Where the skill comes from"})
    holders = List(Nested(SkillHolderOut), required=True)


class SkillsOut(BaseSchema):
    """Every skill of the city, with everybody active who has it."""

    items = List(Nested(SkillOut), required=True)
