# SPDX-License-Identifier: MIT
"""Draws docs/watch.svg: what infer --watch shows of examples/words.wav after 3.5 s, run on this machine.

python tests/pictures.py [--html FILE]    # a page with the picture, light and dark, to look at
"""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path
from types import SimpleNamespace

from arena8 import inputs, sources, watch
from arena8.local import LocalModel
from arena8.screen import Screen
from rich.console import Console
from rich.terminal_theme import MONOKAI

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, ROWS = 72, 24
ANSWERS = 26  # as many as there are until "no" has been said
# rich's own format asks a network for a font.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def watched() -> Screen:
    """The display of `arena8 infer yes_no --port host --watch words.wav --realtime --smooth 3`."""
    file = ROOT / "firmware" / "models" / "yes_no.tflite"
    model = LocalModel(file)
    request = SimpleNamespace(smooth=3, timeout=None)
    options = sources.Options(str(ROOT / "examples" / "words.wav"), realtime=True)
    source = sources.Source(options, model.inputs, file, inputs.Options())
    view = watch.Display(model, lambda: [f"{model.name} on host", *source.about], 3)
    runner = watch.Watch(request, model, None)
    for sample in source:
        runner.one(sample, view)
        if runner.ran == ANSWERS:
            break
    return view.screen


def picture(screen: Screen, title: str) -> str:
    console = Console(
        record=True, file=io.StringIO(), width=COLUMNS, height=ROWS, force_terminal=True, highlight=False,
        color_system="truecolor",
    )  # fmt: skip
    console.print(screen)
    return console.export_svg(title=title, theme=MONOKAI, code_format=FORMAT, unique_id="watch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--html", type=Path, help="write a page with the picture too")
    given = parser.parse_args()
    os.environ["ARENA8_MODELS"] = str(ROOT / "firmware" / "models")
    drawn = picture(watched(), "arena8 infer yes_no --watch words.wav --realtime --smooth 3")
    path = ROOT / "docs" / "watch.svg"
    path.write_text(drawn, encoding="utf-8")
    print(f"wrote {path.relative_to(ROOT)}, {len(drawn)} bytes")
    if given.html:
        sides = (
            f'<div style="background:{b};padding:2em;width:900px">{drawn}</div>' for b in ("#fff", "#111")
        )
        given.html.write_text(f"<meta charset=utf-8>{''.join(sides)}", encoding="utf-8")


if __name__ == "__main__":
    main()
