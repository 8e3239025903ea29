"""A story as a page: the first thing that an auditor opens in a pack. Pure."""

from collections.abc import Collection, Sequence
from html import escape
from zoneinfo import ZoneInfo

from tieout.cli.console import printable
from tieout.cli.html_page import document, table
from tieout.cli.trace_story import Told, breach_line, notes, now, summary, told
from tieout.services.evidence_pack import entry_file, evidence_place
from tieout.services.trace import Story


def page(
    stories: Sequence[Story], zone: ZoneInfo, installation: str, files: Collection[str]
) -> str:
    """Return the stories of an id as HTML.

    Args:
        stories: at least one.
        zone: in which times are told.
        installation: whose books these are.
        files: that lie beside the page.
    """
    asked = printable(stories[0].asked)
    intro = (
        f"<p>What the audit trail of the installation {escape(installation)} says of "
        f"<b>{escape(asked)}</b>. Times are of {escape(zone.key)}, each with its distance from "
        "UTC. README.txt says how this pack is checked, and what it can prove.</p>"
    )
    verdicts = "".join(map(_verdict, stories))
    sections = "".join(_section(each, zone, files) for each in stories)
    return document(f"Audit trail of {asked}", verdicts + intro + sections)


def _section(story: Story, zone: ZoneInfo, files: Collection[str]) -> str:
    led_to = [[escape(each) for each in row] for row in summary(story)]
    moments = [_row(each, files) for each in told(story, zone)]
    return (
        "<section><h2>What it leads to</h2>"
        + table(("posting", "now", "why it is here"), led_to, ids=(0,))
        + "".join(f"<p><b>{escape(each)}</b></p>" for each in notes(story))
        + "<h2>What happened</h2>"
        + table(("when", "where", "what"), moments)
        + "<h2>What is booked now</h2>"
        + "".join(f"<pre>{escape(each)}</pre>" for each in now(story, zone))
        + "</section>"
    )


def _verdict(story: Story) -> str:
    breaches = "".join(f"<li>{escape(breach_line(each))}</li>" for each in story.breaches)
    listed = f"<ul>{breaches}</ul>" if breaches else ""
    kind = "good" if story.is_proved else "bad"
    return f'<p class="{kind}">{escape(printable(story.verdict))}</p>{listed}'


def _row(each: Told, files: Collection[str]) -> Sequence[str]:
    wrong = "".join(f'<br><span class="bad">{escape(text)}</span>' for text in each.wrong)
    facts = "\n".join(f"{name}: {text}" for name, text in each.facts)
    where, links = escape(each.place), ""
    if each.entry is not None:
        where = _link(entry_file(each.entry), where)
        beside = evidence_place(each.entry)
        named = sorted(name for name in files if name.startswith(beside))
        links = ", ".join(_link(name, name.removeprefix(beside)[1:]) for name in named)
    what = f"<b>{escape(each.headline)}</b>{wrong}" + (facts and f"<pre>{escape(facts)}</pre>")
    what += links and f"evidence: {links}"
    # Without breaks, however narrow the column.
    return escape(each.at).replace(" ", "&nbsp;"), where, what


def _link(name: str, shown: str) -> str:
    return f'<a href="{escape(name)}">{shown}</a>'
