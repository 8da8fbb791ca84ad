"""Writes what was measured: tables into RESULTS.md, between its two marks, and a plot beside it.

Invariant: what stands outside the marks was written by a person and stays. Needs nothing that Python does not
have.
"""

import os
import platform
from xml.sax.saxutils import escape

from rows import memory

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PLACES = {
    "minimal": "Against a server that checks nothing, on loopback",
    "far": "The same server with 20 ms before each answer: wall time",
    "seaweed": "SeaweedFS on loopback",
}


def write(results_file, plot_file, results, versions, loads, rounds):
    text = results_file.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    measured = tables(results, versions, loads, rounds)
    # The site's page shows the plot first, so its part of this one ends before it.
    end = "<!-- --8<-- [end:results] -->"
    body = f"{BEGIN}\n{measured}\n{end}\n![CPU of each client]({plot_file.name})\n{END}"
    results_file.write_text(before + body + after)
    plot_file.write_text(svg(results["minimal"]))


def tables(results, versions, loads, rounds):
    lines = [
        f"{', '.join(versions)}; {os.cpu_count()} cores of a shared {platform.machine()} machine, load {loads}; medians of {rounds} rounds in turns "
        "(of 3 where answers come late, and beside SeaweedFS). Files are on tmpfs.",
        "",
    ]
    for place in PLACES:
        if place in results:
            lines += section(PLACES[place], results[place])
    return "\n".join(lines)


def section(title, results):
    """The lines of one place: which goals were kept, and every client's figures."""
    lines = [f"## {title}", "", "| work | to beat | oarlock | |", "|---|---|---|---|"]
    for result in results:
        row = result["row"]
        for client, ratio in row.ratios(result["figures"]).items():
            lines.append(
                f"| {row.name} | {row.goal()} | {named(client)}: {ratio:.2f} × | {'kept' if row.kept(ratio) else '**missed**'} |"
            )
    lines += [
        "",
        "| work | client | median | least–most | wall, s | peak memory, MiB |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        row = result["row"]
        for client, figures in sorted(result["figures"].items(), key=lambda pair: row.value(pair[1])):
            per = 1e6 / row.count if row.unit == "µs" else 1
            spread = "–".join(row.written(bound * per) for bound in figures["spread"])
            name = f"**{named(client)}**" if "oarlock" in client else named(client)
            shown = f"{row.written(row.value(figures))} {'wall' if row.figure == 'wall' else 'CPU'}"
            lines.append(
                f"| {row.name} | {name} | {shown} | {spread} | {figures['wall']:.2f} | {memory(figures)} |"
            )
        lines += [
            f"| {row.name} | {named(client)} | absent: {why.replace('|', '/')} | | | |"
            for client, why in result["absent"].items()
        ]
    lines.append("")
    return lines


def named(client):
    language, _, name = client.partition(":")
    return f"{name} ({language})" if name else language


def svg(results):
    """Bars in groups, each group as long as its longest."""
    label, width, high, gap = 250, 420, 15, 26
    parts, y = [], 20
    for result in results:
        row = result["row"]
        figures = sorted(result["figures"].items(), key=lambda pair: row.value(pair[1]))
        if not figures:
            continue
        longest = max(row.value(pair[1]) for pair in figures)
        parts.append(f'<text x="8" y="{y}" class="row">{escape(row.name)}</text>')
        y += 8
        for client, found in figures:
            value = row.value(found)
            bar = max(2, width * value / longest)
            kind = "ours" if "oarlock" in client else "peer"
            parts.append(
                f'<text x="{label - 8}" y="{y + 11}" text-anchor="end">{escape(named(client))}</text>'
            )
            parts.append(
                f'<rect x="{label}" y="{y + 1}" width="{bar:.0f}" height="{high - 3}" class="{kind}"/>'
            )
            parts.append(f'<text x="{label + bar + 6:.0f}" y="{y + 11}">{escape(row.written(value))}</text>')
            y += high
        y += gap
    style = "text{font:11px sans-serif;fill:#222}.row{font-weight:bold}.ours{fill:#c4511b}.peer{fill:#9aa5b1}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{label + width + 90}" height="{y}"><style>{style}</style>'
    return f'{head}<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
