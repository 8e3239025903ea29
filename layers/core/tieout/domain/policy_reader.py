"""Reading a nested configuration so that every error is found in one go, each with its path.

A reader method never raises: it notes what is wrong and returns something harmless, so that the
rest of the file is still checked. The caller looks at the notes in the end.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN_LENGTH_MAX = 40
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(slots=True)
class Section:
    """A mapping of the file.

    Attributes:
        values: what the file says.
        path: where it says it (`revenue.categories`), empty for the whole file.
        errors: the notes, shared by all sections of a file.
        asked: the keys that somebody wanted to know; all others are unknown.
    """

    values: Mapping[str, object]
    path: str
    errors: list[str]
    asked: set[str] = field(default_factory=set)

    def note(self, name: str, problem: str) -> None:
        """Note what is wrong with the key `name`."""
        self.errors.append(f"{self.where(name)}: {problem}")

    def where(self, name: str) -> str:
        """Return the path of the key `name`."""
        return f"{self.path}.{name}" if self.path else name

    def section(self, name: str) -> "Section":
        """Return the mapping under `name`; an empty one where there is none."""
        value = self._value(name)
        if value is None:
            value = {}
        elif not isinstance(value, Mapping):
            self.note(name, f"must be `key: value` lines, not {_shown(value)}")
            value = {}
        return Section(value, self.where(name), self.errors)

    def sections(self, name: str) -> Iterator[tuple[str, "Section"]]:
        """Yield (key, mapping) for each entry under `name`."""
        parent = self.section(name)
        for key in parent.values:
            yield key, parent.section(key)

    def entries(self, name: str) -> Iterator["Section"]:
        """Yield each mapping of the list under `name`; its path has its name, else its place."""
        value = self._value(name)
        if value is None:
            return
        if not isinstance(value, list):
            self.note(name, f"must be a list of `- key: value` lines, not {_shown(value)}")
            return
        for place, entry in enumerate(value, start=1):
            where = f"{self.where(name)}[{place}]"
            if not isinstance(entry, Mapping):
                self.errors.append(f"{where}: must be `key: value` lines, not {_shown(entry)}")
                continue
            named = entry.get("name")
            if isinstance(named, str) and named:
                where = f"{self.where(name)}[{named[:_SHOWN_LENGTH_MAX]}]"
            yield Section(entry, where, self.errors)

    def scalars(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield (path, text) of each single value at a path in which `*` stands for any key.

        For comparing values with each other, whatever else is wrong with them: a number counts as
        the text that it should have been, and nothing is noted.
        """
        name, _, rest = path.partition(".")
        for key in self.values if name == "*" else (name,):
            value = self.values.get(key)
            if rest and isinstance(value, Mapping):
                yield from Section(value, self.where(key), []).scalars(rest)
            elif not rest and isinstance(value, str | int | float) and value != "":
                yield self.where(key), str(value)

    def texts(self, name: str, length_max: int) -> dict[str, str]:
        """Return the entries under `name`, each of which must be text."""
        parent = self.section(name)
        found = {key: parent.optional_text(key, length_max) for key in parent.values}
        return {key: value for key, value in found.items() if value is not None}

    def text(self, name: str, length_max: int, default: str | None = None) -> str:
        """Return a text; without a default it must be there."""
        value = self.optional_text(name, length_max)
        if value is None and default is None and name not in self.values:
            self.note(name, "is missing")
        return value if value is not None else default or ""

    def optional_text(self, name: str, length_max: int) -> str | None:
        """Return a text, None where there is none."""
        value = self._value(name)
        if value is None:
            if name in self.values:
                self.note(name, "is empty: give it a value or remove the line")
            return None
        if isinstance(value, list | Mapping):
            self.note(name, f"must be one text, not {_shown(value)}")
            return None
        if not isinstance(value, str):
            # Not shown: YAML has already made another value of an unquoted 0400.
            self.note(name, 'must be text: put it in quotes, like "4000"')
            return None
        if not value.strip() or value != value.strip() or _CONTROL.search(value):
            self.note(name, "must not be empty, nor begin or end with a space")
            return None
        if len(value) > length_max:
            self.note(name, f"is longer than {length_max} characters")
            return None
        return value

    def matching(self, name: str, pattern: str, meaning: str, default: str | None = None) -> str:
        """Return a text of a given form; `meaning` says which (`three lower-case letters`)."""
        value = self._value(name)
        if value is None and default is not None:
            return default
        if value is None:
            self.note(name, "is missing")
        elif not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            self.note(name, f"must be {meaning}, not {_shown(value)}")
        else:
            return value
        return default or ""

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        """Return one of the options."""
        value = self._value(name)
        if value is None:
            return default
        if value not in options:
            expected = " or ".join(f"`{option}`" for option in options)
            self.note(name, f"must be {expected}, not {_shown(value)}")
            return default
        return str(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean."""
        value = self._value(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.note(name, f"must be true or false, not {_shown(value)}")
            return default
        return value

    def integer(self, name: str, lowest: int, highest: int, default: int) -> int:
        """Return a whole number between two bounds, both included."""
        value = self._value(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.note(name, f"must be a whole number, not {_shown(value)}")
            return default
        if not lowest <= value <= highest:
            self.note(name, f"must be between {lowest} and {highest}, not {value}")
            return default
        return value

    def day(self, name: str) -> date | None:
        """Return a day, None where there is none."""
        value = self._value(name)
        if value is None:
            return None
        try:
            # Python reads more forms than the one that everybody reads alike.
            if isinstance(value, str) and _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.note(name, f"must be a day like 2026-09-30, not {_shown(value)}")
        return None

    def refuse_unknown(self) -> None:
        """Note every key that nobody asked for, with the key that may have been meant."""
        for name in self.values:
            if name not in self.asked:
                self.note(name, f"is not a setting{suggestion(name, self.asked)}")

    def _value(self, name: str) -> object:
        self.asked.add(name)
        return self.values.get(name)


def suggestion(name: str, known: Collection[str]) -> str:
    """Return the end of a sentence: the known name that is most like `name`, if one is."""
    begun = [each for each in sorted(known) if name and each.startswith(name)]
    close = difflib.get_close_matches(name, sorted(known), n=1) or begun
    return f"; did you mean `{close[0]}`?" if close else ""


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Mapping):
        return "`key: value` lines"
    if isinstance(value, bool):
        return str(value).lower()
    shown = repr(value)
    return shown if len(shown) <= _SHOWN_LENGTH_MAX else f"{shown[:_SHOWN_LENGTH_MAX]}..."
