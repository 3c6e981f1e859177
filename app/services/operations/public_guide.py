"""The public guide (办事指南): every promised number, served from the programs' own data."""

from typing import Any

from app.domain.programs.guide import describe
from app.services.installation import city


def public_guide() -> dict[str, Any]:
    """Every program of the city as the guide shows it."""
    bundle = city.current()
    return {
        "programs": [describe(program, bundle.departments) for program in bundle.programs.values()],
        "city": bundle.city.name,
        "hotline": bundle.city.hotline,
    }
