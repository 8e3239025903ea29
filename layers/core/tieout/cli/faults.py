"""What is said when a command could not do what it was asked to."""

from botocore.exceptions import (
    BotoCoreError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)

from tieout.domain.errors import TieoutError


def sentence(error: Exception) -> str | None:
    """Return what to tell the operator, with what to set; None if it is a defect of ours."""
    if not isinstance(error, TieoutError | BotoCoreError | OSError):
        return None
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return f"{error}{_way_out(error)}"


def _way_out(error: Exception) -> str:
    """Return the end of the sentence: what to set so that AWS can be asked; empty for the rest."""
    cause = error.__cause__ or error
    if isinstance(cause, NoRegionError):
        return " Set AWS_REGION, or a region for your AWS profile."
    if isinstance(cause, EndpointConnectionError):
        return f": {cause}: is the region right (AWS_REGION), and the network there?"
    if isinstance(cause, NoCredentialsError):
        return ": sign in as for the AWS CLI, or set AWS_PROFILE"
    return ""
