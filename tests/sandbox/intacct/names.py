"""Long lists of names, written as text so that they stay readable."""


def names(*texts: str) -> tuple[str, ...]:
    """Split texts at white space."""
    return tuple(name for text in texts for name in text.split())
