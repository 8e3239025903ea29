"""The embedded AWS: an emulator on loopback, onto which the real template is really deployed."""

from tests.sandbox.aws.embedded import EmbeddedAws
from tests.sandbox.aws.event_source import EventSource
from tests.sandbox.aws.stack import Stack

__all__ = ["EmbeddedAws", "EventSource", "Stack"]
