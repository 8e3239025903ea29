"""Dimensions as the policy file names them."""

import re

from tieout.domain.documents import Dimensions
from tieout.domain.policy_limits import DIMENSION_LENGTH_MAX
from tieout.domain.policy_reader import Section, suggestion

STANDARD_DIMENSIONS = ("location", "department", "class", "project", "item")
_USER_DEFINED_DIMENSION = re.compile(r"GLDIM[A-Z0-9_]{1,30}")


def read_dimensions(parent: Section, name: str) -> Dimensions:
    """Return the dimensions under `name`, noting each name that is none."""
    values = parent.texts(name, DIMENSION_LENGTH_MAX)
    for dimension in values:
        check_dimension_name(parent.section(name), dimension)
    return Dimensions(
        location=values.get("location"),
        department=values.get("department"),
        class_id=values.get("class"),
        project=values.get("project"),
        item=values.get("item"),
        user_defined=tuple(
            sorted((key, value) for key, value in values.items() if key not in STANDARD_DIMENSIONS)
        ),
    )


def check_dimension_name(section: Section, name: str) -> None:
    """Note `name` if Intacct has no dimension of that name."""
    if name not in STANDARD_DIMENSIONS and _USER_DEFINED_DIMENSION.fullmatch(name) is None:
        hint = suggestion(name, STANDARD_DIMENSIONS)
        expected = ", ".join(STANDARD_DIMENSIONS)
        section.note(name, f"is no dimension: use {expected}, or GLDIM and a name{hint}")
