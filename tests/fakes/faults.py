"""How a fake is made to fail."""


class Faulty:
    """A fake whose calls can be made to fail.

    Attributes:
        fault: what every call raises while it is set.
    """

    def __init__(self) -> None:
        self.fault: BaseException | None = None

    def _may_fail(self) -> None:
        if self.fault is not None:
            raise self.fault
