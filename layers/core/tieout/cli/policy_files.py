"""Policies that the operator has in files."""

from pathlib import Path

from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.services.operate import CannotBeDone


def policy_of(path: Path) -> Policy:
    """Return the policy that a file holds.

    Raises:
        PolicyErrors: with every error in it.
        CannotBeDone: it cannot be read.
    """
    return parse_policy(text_of(path))


def text_of(path: Path) -> str:
    """Return what a file says.

    Raises:
        CannotBeDone: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CannotBeDone(f"{path} is not UTF-8 text") from error
    except FileNotFoundError as error:
        raise CannotBeDone(f"{path}: no such file") from error
    except OSError as error:
        raise CannotBeDone(f"{path}: {error.strerror}") from error
