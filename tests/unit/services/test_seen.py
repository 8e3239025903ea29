"""Goal: a name is new once, whatever is in it; far more names than fit in memory are told apart.

Method: more of them than the database keeps in its cache.
"""

from tieout.services.seen import Seen

# Some five megabytes; SQLite keeps two of a temporary database in memory.
NAMES = 60_000


def test_a_name_is_new_once_among_any_number_of_others() -> None:
    seen = Seen()
    names = [f"invoice/in_{number:060}" for number in range(NAMES)]
    assert all(map(seen.add, names))
    assert not any(map(seen.add, names[:: NAMES // 10]))
    assert names[-1] in seen
    assert "invoice/in_1" not in seen
    assert seen.add("Müller's 'quoted' \N{SNOWMAN}")
    assert "Müller's 'quoted' \N{SNOWMAN}" in seen
    assert names[0] not in Seen()
