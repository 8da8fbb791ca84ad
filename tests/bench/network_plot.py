"""Writes what was measured over networks: tables into NETWORKS.md, between its two marks, and a plot.

Invariant: what stands outside the marks was written by a person and stays. Needs nothing that Python does not
have.
"""

import math
import os
import platform
from xml.sax.saxutils import escape

from networks import FIXED_BOUND, OURS, PEER_BOUND, PROFILES, WORKS, is_peer, judge
from plot import BEGIN, END, named, section

# The plot's axis: times of the best peer.
LEAST, MOST = 0.25, 8


def write(results_file, plot_file, results, tls, versions, loads):
    before, rest = results_file.read_text().split(BEGIN)
    after = rest.split(END)[1]
    lines = [
        f"{', '.join(versions)}; {os.cpu_count()} cores of a shared {platform.machine()} machine, load {loads}.",
        "",
        f"![Wall time of each client, in times of the best peer]({plot_file.name})",
        "",
        *goals(results),
        *clients(results),
        *section("Over TLS on loopback: CPU", tls),
    ]
    results_file.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"{END}{after}")
    plot_file.write_text(svg(results))


def goals(results):
    """One line for each network and work: oarlock, what it is compared with, and how it did."""
    kept = missed = 0
    lines = []
    for profile, work, found in rows(results):
        medians = found["medians"]
        for client, other, ratio, bound in judge(medians, found["stopped"]):
            is_kept = ratio <= bound
            kept, missed = kept + is_kept, missed + (not is_kept)
            lines.append(
                f"| {profile.name} | {WORKS[work][0]} | {named(client)} {seconds(found, client)} | "
                f"{fixed_name(other)} {seconds(found, other)} | {ratio:.2f} × | ≤ {bound:g} × | "
                f"{'kept' if is_kept else '**missed**'} |"
            )
    return [
        "## Which goals are kept?",
        "",
        f"{kept} kept, {missed} missed. At most {PEER_BOUND:g} × the wall time of the best peer at its "
        f"defaults, and {FIXED_BOUND:g} × that of oarlock's best fixed `max_concurrency`.",
        "",
        "| network | work | oarlock, s | compared with, s | | goal | |",
        "|---|---|---|---|---|---|---|",
        *lines,
        "",
    ]


def clients(results):
    """Every client's median seconds, a table for each network."""
    lines = ["## How long does each client take?", "", "Median seconds; `>`: stopped there; –: absent.", ""]
    for profile in PROFILES:
        if profile.name not in results:
            continue
        found = results[profile.name]
        names = sorted(
            {name for work in found.values() for name in (*work["medians"], *work["absent"])}, key=order
        )
        lines += [
            f"### {profile.name}: {profile.title}",
            "",
            f"Large objects: {profile.size >> 20} MiB.",
            "",
            f"| work | {' | '.join(map(fixed_name, names))} |",
            "|---|" + "---|" * len(names),
        ]
        for work, each in found.items():
            cells = [seconds(each, name) if name in each["medians"] else "–" for name in names]
            best = min(each["medians"], key=each["medians"].get)
            cells = [f"**{cell}**" if name == best else cell for name, cell in zip(names, cells, strict=True)]
            lines.append(f"| {WORKS[work][0]} | {' | '.join(cells)} |")
        lines += ["", *absences(found)]
    return lines


def absences(found):
    """Why a client that should do a work has no figure."""
    lines = [
        f"- {fixed_name(client)} is absent from “{WORKS[work][0]}”: {why.replace('|', '/')}"
        for work, each in found.items()
        for client, why in each["absent"].items()
    ]
    return [*lines, ""] if lines else []


def rows(results):
    for profile in PROFILES:
        for work, found in results.get(profile.name, {}).items():
            yield profile, work, found


def order(client):
    return is_peer(client), "@" in client, client.startswith("rust"), len(client), client


def fixed_name(client):
    client, _, fixed = client.partition("@")
    return f"oarlock at {fixed}" if fixed else named(client)


def seconds(found, client):
    return f"{'> ' if client in found['stopped'] else ''}{found['medians'][client]:.2f}"


def svg(results):
    """A line for each network and work: every client's time as a multiple of the best peer's, logarithmic."""
    label, width, high = 270, 520, 15
    across = lambda ratio: (
        label
        + width
        * math.log(  # noqa: E731
            min(max(ratio, LEAST), MOST) / LEAST
        )
        / math.log(MOST / LEAST)
    )
    parts, y, last = [], 64, None
    for profile, work, found in rows(results):
        medians = found["medians"]
        best = min((medians[client] for client in medians if is_peer(client)), default=None)
        if best is None:
            continue
        if profile is not last:
            last, y = profile, y + 22
            parts.append(
                f'<text x="8" y="{y}" class="row">{escape(profile.name)}: {escape(profile.title)}</text>'
            )
            y += high
        parts.append(f'<text x="{label - 12}" y="{y}" text-anchor="end">{escape(WORKS[work][0])}</text>')
        parts.append(f'<line x1="{label}" x2="{label + width}" y1="{y - 4}" y2="{y - 4}" class="grid"/>')
        # Those that matter most are drawn last, on top.
        for client in sorted(medians, key=order, reverse=True):
            x = across(medians[client] / best)
            title = f"<title>{escape(fixed_name(client))}: {medians[client]:.2f} s</title>"
            if client in OURS:
                kind = "ours" if client == OURS[0] else "rust"
                parts.append(f'<circle cx="{x:.1f}" cy="{y - 4}" r="5" class="{kind}">{title}</circle>')
            elif is_peer(client):
                parts.append(f'<circle cx="{x:.1f}" cy="{y - 4}" r="4" class="peer">{title}</circle>')
            else:
                parts.append(f'<path d="M{x:.1f} {y - 10}v12" class="fixed">{title}</path>')
        y += high
    y += 10
    axis = []
    for ratio in (0.25, 0.5, 1, 2, 4, 8):
        x = across(ratio)
        axis.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="52" y2="{y}" class="{"goal" if ratio == 1 else "grid"}"/>'
        )
        axis.append(f'<text x="{x:.1f}" y="46" text-anchor="middle">{ratio:g} ×</text>')
    legend = [
        ("ours", "oarlock (Python)"),
        ("rust", "oarlock (Rust)"),
        ("peer", "peers"),
        ("fixed", "oarlock at a fixed concurrency"),
    ]
    x = 8
    for kind, text in legend:
        mark = (
            f'<path d="M{x + 5} 14v12" class="fixed"/>'
            if kind == "fixed"
            else f'<circle cx="{x + 5}" cy="20" r="5" class="{kind}"/>'
        )
        axis.append(f'{mark}<text x="{x + 16}" y="24">{text}</text>')
        x += 36 + 7 * len(text)
    axis.append('<text x="8" y="46">wall time ÷ the best peer\'s; left is faster</text>')
    style = (
        "text{font:11px sans-serif;fill:#222}.row{font-weight:bold}.ours{fill:#c4511b}"
        ".rust{fill:#fff;stroke:#c4511b;stroke-width:2}.peer{fill:#9aa5b1;opacity:.8}"
        ".fixed{stroke:#c4511b;opacity:.6}.grid{stroke:#e3e6ea}.goal{stroke:#222;stroke-dasharray:3 3}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{label + width + 40}" height="{y + 10}">'
    body = "\n".join([*axis, *parts])
    return f'{head}<style>{style}</style><rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
