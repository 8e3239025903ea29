"""Whether what a policy names is in Intacct: asked before it goes live, not when a send fails."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tieout.domain.master_data import MasterKind
from tieout.domain.policy_names import Named
from tieout.services.ports import MasterData, MasterRecord


@dataclass(frozen=True, slots=True)
class NameProblem:
    """What is wrong with something that a policy names.

    Attributes:
        is_error: whether documents would be refused; else they may be.
    """

    path: str
    text: str
    is_error: bool


def check_names(names: Iterable[Named], master_data: MasterData) -> Iterator[NameProblem]:
    """Yield what is wrong, in the order of kinds and paths; costs a read or two for each kind.

    Raises:
        TransientFault, ConfigurationFault: Intacct cannot be asked.
    """
    by_kind: dict[MasterKind, list[Named]] = defaultdict(list)
    for each in names:
        by_kind[each.kind].append(each)
    for kind, of_kind in by_kind.items():
        records = master_data.found(kind, {each.identifier for each in of_kind})
        for named in of_kind:
            yield from _problems(named, records.get(named.identifier))


def _problems(named: Named, record: MasterRecord | None) -> Iterator[NameProblem]:
    what = f"{named.kind} {named.identifier}"
    if record is None:
        yield NameProblem(named.path, f"{what} is not in Intacct", is_error=True)
        return
    if not record.active:
        yield NameProblem(named.path, f"{what} is inactive in Intacct", is_error=True)
    missing = sorted(record.requires - named.dimensions)
    if missing:
        text = (
            f"{what} requires {' and '.join(missing)}, which the policy gives not to every line on "
            "it: Intacct refuses those without"
        )
        yield NameProblem(named.path, text, is_error=False)
    if named.beside and record.account and record.account != named.beside:
        text = f"{what} stands for account {record.account}, but beside it is {named.beside}"
        yield NameProblem(named.path, text, is_error=True)
    if named.currency and record.currency and record.currency != named.currency:
        text = f"{what} is in {record.currency}, not in {named.currency}"
        yield NameProblem(named.path, text, is_error=True)
