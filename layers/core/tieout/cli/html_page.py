"""The pages that Tieout writes: one file of HTML that needs nothing else and prints well. Pure."""

from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; color: #1b1b1b }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem; break-after: avoid }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1.2rem }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #d8d8d8; text-align: left }
th { border-bottom: 2px solid #888; font-weight: 600 }
td.amount, th.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.id { font-family: ui-monospace, monospace; font-size: .85em; overflow-wrap: anywhere }
.good { color: #14632b } .bad { color: #a11212; font-weight: 600 }
svg { width: 100%; height: auto; border: 1px solid #d8d8d8 }
.stripe { stroke: #5b4fd6 } .books { stroke: #1f9d55; stroke-dasharray: 6 3 }
polyline { fill: none; stroke-width: 2 }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; font-size: .85em }
thead { display: table-header-group } tr { break-inside: avoid }
@media print { body { margin: 0; max-width: none; font-size: 11px } }
"""


def document(title: str, body: str) -> str:
    """Return a whole page.

    Args:
        title: as text.
        body: what stands below the title, as HTML.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{body}</body></html>\n"
    )


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    amounts: Iterable[int] = (),
    ids: Iterable[int] = (),
) -> str:
    """Return a table of cells that are HTML already.

    Args:
        head: what each column is called, as text.
        rows: from top to bottom.
        amounts: which columns hold amounts.
        ids: which columns hold ids.
    """
    kinds = dict.fromkeys(amounts, ' class="amount"') | dict.fromkeys(ids, ' class="id"')
    top = "".join(f"<th{kinds.get(at, '')}>{escape(text)}</th>" for at, text in enumerate(head))
    body = "".join(
        "<tr>"
        + "".join(f"<td{kinds.get(at, '')}>{cell}</td>" for at, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
