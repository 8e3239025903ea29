"""The outside: every call that leaves a function goes through here, and here is where it may die.

A worker is frozen at an outside call by letting something else happen inside of it: another worker
takes the same messages, works them to the end, and only then does the first one hear its answer.
That is deterministic, and it is what a time-out or a long pause of a machine looks like from the
tables.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from tests.sandbox.stripe import SteppedClock
from tests.simulation.faults import Luck

_T = TypeVar("_T")
# How often workers are frozen inside of each other.
DEPTH_MAX = 2
# So long, as a rule, does an outside call take: 20 of them make a second.
_CALL_MILLISECONDS = 50


# No lease is shorter, whoever's clock is wrong.
_LEASE_SECONDS_MIN = 60
# Documents by their control ids; sign-ins, which have one control id, by their entity.
_WRITES = re.compile(rb"tieout:[^\"]+:r\d+:[0-9a-f]{16}|<getAPISession(?:/|>.*?</getAPISession)>")


class Killed(BaseException):
    """The function is gone: nothing may catch this."""


@dataclass
class Invocation:
    """A function at work.

    Attributes:
        name: of the function.
        ends_at_unix: when Lambda stops it.
        skew_seconds: by how much its clock is wrong.
        meanwhile: what else it does while it waits for an answer.
        has_booked: whether Intacct has answered a wave of its documents.
        is_overtaken: whether its messages were handed out again while it was frozen.
    """

    name: str
    ends_at_unix: int
    skew_seconds: int = 0
    is_dead: bool = False
    meanwhile: Callable[[], None] = lambda: None
    has_booked: bool = False
    is_overtaken: bool = False


class Traffic:
    """What is on its way to Intacct.

    Attributes:
        clashes: what two workers sent at the same time, though leases are there to prevent it.
    """

    def __init__(self) -> None:
        self.clashes: list[str] = []
        self._under_way: dict[bytes, int] = {}

    @contextmanager
    def sending(self, body: bytes, now_unix: int, skew_seconds: int) -> Iterator[None]:
        """Note writes and sign-ins until the answer is heard.

        Args:
            body: of the request.
            now_unix: when it is sent.
            skew_seconds: by how much the sender's clock is wrong: whose stood still while it slept
                takes leases that are over when they begin.
        """
        ours = {each for each in _WRITES.findall(body) if each not in self._under_way}
        for each in _WRITES.findall(body):
            if now_unix - self._under_way.get(each, 0) < _LEASE_SECONDS_MIN:
                self.clashes.append(f"sent by two workers at once: {each.decode()}")
        self._under_way |= dict.fromkeys(ours, now_unix + min(0, skew_seconds))
        try:
            yield
        finally:
            for each in ours:
                del self._under_way[each]


@dataclass
class Outside:
    """What happens at outside calls.

    Attributes:
        traffic: what is on its way to Intacct.
        calls: how many there were.
        crash_at: the call after which the function dies; with 0, before the first.
        on_call: what else happens at a call: it is told where.
        story: a digest of all that was called, in its order; equal for equal histories.
    """

    time: SteppedClock
    luck: Luck
    traffic: Traffic = field(default_factory=Traffic)
    calls: int = 0
    crash_at: int | None = None
    on_call: Callable[[str], None] = lambda _: None
    log: list[str] | None = None
    _story: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _running: list[Invocation | None] = field(default_factory=list)
    _milliseconds: int = 0
    _due: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)

    @property
    def story(self) -> str:
        """Return the digest so far."""
        return self._story.hexdigest()[:16]

    @property
    def depth(self) -> int:
        """How many functions are at work, each inside an outside call of the one before."""
        return len(self._running)

    @property
    def running(self) -> Invocation | None:
        """The function that is at work now."""
        return self._running[-1] if self._running else None

    @contextmanager
    def invoked(self, invocation: Invocation) -> Iterator[Invocation]:
        """Let a function run; whoever was running is frozen meanwhile."""
        self._running.append(invocation)
        try:
            yield invocation
        finally:
            self._running.pop()

    @contextmanager
    def by_itself(self) -> Iterator[None]:
        """Let something happen that is no function's doing, while one waits for an answer."""
        self._running.append(None)
        try:
            yield
        finally:
            self._running.pop()

    def note(self, what: str) -> None:
        """Add to the story."""
        self._story.update(what.encode())
        if self.log is not None:
            self.log.append(f"{self.time.now()} {'  ' * self.depth}{what}")

    def later(self, seconds: int, what: Callable[[], None]) -> None:
        """Have something happen after some time, whoever is at work then."""
        self._due.append((self.time.now() + seconds, len(self._due), what))

    def let_due_happen(self, *, everything: bool = False) -> None:
        """Let happen what is due by now, or all that ever will be."""
        now = self.time.now()
        due = sorted(each for each in self._due if everything or each[0] <= now)
        self._due = [each for each in self._due if each not in due]
        for _, _, what in due:
            what()

    def let_pass(self, seconds: int) -> None:
        """Let time pass; what is due on the way happens when it is due, not at the end."""
        until_unix = self.time.now() + seconds
        for at_unix in sorted(each[0] for each in self._due if each[0] <= until_unix):
            self.time.set(max(self.time.now(), at_unix))
            self.let_due_happen()
        self.time.set(until_unix)

    def call(self, where: str, do: Callable[[], _T]) -> _T:
        """Make an outside call on behalf of the function at work."""
        at_work = self.running
        if at_work is None:
            return do()
        self._die_if_dead(at_work)
        self.calls += 1
        self.note(where)
        if self.crash_at is not None and self.calls - 1 == self.crash_at:
            self._die(at_work, "crash point")
        self._pass_time()
        if self.luck.strikes("killed"):
            if self.luck.below("killed", 2):
                do()
            self._die(at_work, "killed")
        if self.luck.strikes("out_of_time"):
            self.let_pass(max(0, at_work.ends_at_unix - self.time.now()))
        at_work.meanwhile()
        before = self.luck.below("before", 2) == 0
        if before:
            self.on_call(where)
            self._die_if_dead(at_work)
        answer = do()
        if not before:
            self.on_call(where)
        self._die_if_dead(at_work)
        return answer

    def think(self) -> None:
        """Be somewhere between outside calls, where memory may run out."""
        at_work = self.running
        if at_work is not None:
            self._die_if_dead(at_work)
            if self.luck.strikes("out_of_memory"):
                self._die(at_work, "out of memory")

    def _pass_time(self) -> None:
        self._milliseconds += _CALL_MILLISECONDS
        seconds, self._milliseconds = divmod(self._milliseconds, 1_000)
        self.let_pass(seconds)

    def _die_if_dead(self, at_work: Invocation) -> None:
        """A dead function does nothing more, whatever its `finally` says; nor one out of time."""
        if at_work.is_dead:
            raise Killed
        if self.time.now() >= at_work.ends_at_unix:
            self._die(at_work, "time is over")

    def _die(self, at_work: Invocation, why: str) -> None:
        at_work.is_dead = True
        self.note(f"{at_work.name} dies: {why}")
        raise Killed
