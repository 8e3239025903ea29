"""JSON that remembers which of its fields were looked at."""

from typing import Any


class RecordedObject(dict[str, Any]):
    """A JSON object whose look-ups by `get` are added to `reads` with the way that led to them.

    An object that names its kind starts a new way, as it has a typed class of its own.
    """

    def __init__(
        self, raw: dict[str, Any], classes: dict[str, str], reads: set[str], path: str = ""
    ) -> None:
        self._path = classes.get(str(raw.get("object")), path)
        self._reads = reads
        super().__init__(
            {
                name: _recorded(value, classes, reads, f"{self._path}.{name}")
                for name, value in raw.items()
            }
        )

    def get(self, key: str, default: Any = None, /) -> Any:  # noqa: ANN401 - as in dict
        self._reads.add(f"{self._path}.{key}")
        return super().get(key, default)


def _recorded(value: Any, classes: dict[str, str], reads: set[str], path: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return RecordedObject(value, classes, reads, path)
    if isinstance(value, list):
        return [_recorded(each, classes, reads, f"{path}[]") for each in value]
    return value
