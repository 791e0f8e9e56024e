# SPDX-License-Identifier: MIT
"""arena8 freeze: models as the sources that a firmware build of your own takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import rich_click as click

from .. import formats, freeze, metadata, options, render
from ..errors import ToolError, UsageError, cause

MANIFEST = "manifest.json"


def read_labels(path: str | None) -> list[str] | None:
    """One label a line."""
    if path is None:
        return None
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as e:
        raise UsageError(f"--labels {path} is no text of one label a line") from e
    except OSError as e:
        raise UsageError(f"--labels {path}: {e.strerror}") from e
    labels = [line.strip() for line in lines]
    while labels and not labels[-1]:
        labels.pop()
    if not labels:
        raise UsageError(f"--labels {path} holds no labels")
    return labels


def image_size(text: str | None) -> tuple[int, int] | None:
    """(width, height) of WIDTHxHEIGHT."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found:
        raise UsageError(f"--image-size {text} is not WIDTHxHEIGHT, 96x96 for one")
    return int(found[1]), int(found[2])


def describe(model: str, labels: list[str] | None, rate: int | None, size: tuple[int, int] | None) -> dict:
    """What the manifest says of a model: flags win over what travels in its file."""
    from .. import engine

    try:
        about = engine.describe(model)
    except (OSError, ValueError) as e:
        raise ToolError(formats.refusal(model, e)) from e
    said = metadata.read(Path(model).read_bytes())
    kept = ("name", "shape", "dtype", "scale", "zero_point")
    ends = {side: [{key: t[key] for key in kept} for t in about[side]] for side in ("inputs", "outputs")}
    if labels and not any(t["count"] == len(labels) for t in about["outputs"]):
        counts = ", ".join(str(t["count"]) for t in about["outputs"])
        raise UsageError(f"--labels has {len(labels)} labels; the outputs of {model} have {counts} elements")
    if size and not any(t["shape"][1:3] == [size[1], size[0]] for t in about["inputs"]):
        shapes = ", ".join("x".join(map(str, t["shape"])) for t in about["inputs"])
        raise UsageError(f"--image-size {size[0]}x{size[1]} is not the size of an input of {model}: {shapes}")
    wanted = size or said.image_size or _size_of(about["inputs"])
    return {
        **ends,
        "labels": labels if labels is not None else list(about["labels"]),
        "sample_rate": rate or said.sample_rate,
        "image_size": list(wanted) if wanted else None,
        "description": said.description,
        "arena_bytes": about["arena_bytes"],
        "arena_bytes_by_target": about["arena_bytes_by_target"],
        "operators": sorted({node["op"] for node in about["operators"]}),
    }


def _size_of(inputs: list[dict[str, Any]]) -> tuple[int, int] | None:
    """(width, height) of an input that has the shape of an image: one picture of 1 or 3 colours."""
    for tensor in inputs:
        shape = tensor["shape"]
        if len(shape) == 4 and shape[0] == 1 and shape[3] in (1, 3) and min(shape[1:3]) > 1:
            return shape[2], shape[1]
    return None


def run(
    models: tuple[str, ...],
    out: str,
    arena: str,
    labels: str | None,
    rate: int | None,
    size: str | None,
    as_json: bool,
) -> int:
    if (labels or rate or size) and len(models) > 1:
        raise UsageError("--labels, --sample-rate and --image-size are about one model: freeze it alone")
    meanings = [describe(model, read_labels(labels), rate, image_size(size)) for model in models]
    wanted = 0
    if arena == "auto":
        for model, meaning in zip(models, meanings, strict=True):
            if meaning["arena_bytes"] is None:
                raise ToolError(f"{model} can't run, so its arena can't be told; `arena8 inspect` says why")
        wanted = max(meaning["arena_bytes"] for meaning in meanings)
    try:
        frozen = freeze.freeze(models, out, wanted if arena == "auto" else int(arena))
        entries = [
            {**{k: e[k] for k in ("name", "bytes", "crc32")}, "file": Path(e["path"]).name, **meaning}
            for e, meaning in zip(frozen["models"], meanings, strict=True)
        ]
        manifest = {"arena_bytes": frozen["arena_bytes"], "models": entries}
        freeze.write_if_changed(Path(out) / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    except freeze.FreezeError as e:
        raise ToolError(str(e)) from e
    except OSError as e:
        raise ToolError(f"--out {out}: {cause(e)}") from e
    if as_json:
        print(json.dumps({"folder": str(Path(out).resolve()), **manifest}))
        return 0
    console = render.console()
    for entry in entries:
        console.print(f"{entry['name']}  {entry['bytes']:,} bytes, CRC-32 {entry['crc32']}", markup=False)
    files = ", ".join((freeze.HEADER, freeze.SOURCE, MANIFEST))
    console.print(f"{out}: {files}; static arena {manifest['arena_bytes']:,} bytes", markup=False)
    return 0


@click.command("freeze")
@click.argument("models", metavar="MODEL...", nargs=-1, required=True, shell_complete=options.files)
@click.option("--out", **options.FOLDER, required=True, help="Where the sources go.")
@options.arena
@click.option(
    "--labels",
    **options.FILE,
    help="Names of the classes, one a line, for the manifest.",
)
@click.option("--sample-rate", metavar="HZ", type=click.IntRange(min=1), help="Of the sound that goes in.")
@click.option("--image-size", metavar="WxH", help="Of the picture that goes in.")
@options.as_json("The manifest")
def command(models, out, arena, labels, sample_rate, image_size, as_json) -> int:
    """Writes MODELs as C sources for a firmware build of your own.

    `arena8 build` does this by itself; docs/add_to_your_firmware.md shows where the folder goes otherwise.
    The CRC-32 of a model is what `arena8.models()` on the board reports.
    """
    return run(models, out, arena, labels, sample_rate, image_size, as_json)
