"""Draws session.ansi, the captured output of a session, as src/terminal.svg.

    python3 docs/terminal/render.py

The picture brings its own background, so it looks the same on light and dark pages. Each run of characters has its
place and its width, so that columns line up in whatever monospace font the reader has.
"""

import html
import pathlib
import re

HERE = pathlib.Path(__file__).parent
CELL, LINE, SIZE, LEFT, TOP = 8.0, 18, 13, 18, 52
COLORS = {"32": "#7ee787", "36": "#76d9e6", "91": "#ff7b72", "94": "#79c0ff"}


def runs(line):
    """Text, colour and weight of each run of a line."""
    color, bold = None, False
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if not code:
            if piece:
                yield piece, color, bold
        elif code[1] == "0":
            color, bold = None, False
        elif code[1] == "1":
            bold = True
        else:
            color = COLORS[code[1]]


def row(line, number):
    column, y, spans = 0, TOP + number * LINE, []
    for text, color, bold in runs(line):
        # Words are placed one by one: a space more or less in the reader's font then moves nothing.
        for word in re.finditer(r"\S+(?: \S+)*", text):
            x = LEFT + (column + word.start()) * CELL
            style = (f' fill="{color}"' if color else "") + (' font-weight="bold"' if bold else "")
            width = f' textLength="{len(word[0]) * CELL:g}" lengthAdjust="spacingAndGlyphs"'
            spans.append(f'<text x="{x:g}" y="{y}"{width}{style}>{html.escape(word[0])}</text>')
        column += len(text)
    return "\n".join(spans)


def main():
    lines = (HERE / "session.ansi").read_text().splitlines()
    columns = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
    width, height = int(2 * LEFT + columns * CELL), TOP + len(lines) * LINE
    dots = "".join(f'<circle cx="{22 + 20 * n}" cy="19" r="6" fill="#484f58"/>' for n in range(3))
    body = "\n".join(filter(None, (row(line, number) for number, line in enumerate(lines))))
    svg = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" \
role="img" aria-label="A terminal: envwright builds an image, finds it there the second time, and explains a conflict">
<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="9" fill="#0d1117" stroke="#484f58"/>
{dots}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="{SIZE}" \
fill="#d1d7e0">
{body}
</g>
</svg>
"""
    (HERE.parent / "src" / "terminal.svg").write_text(svg)


main()
