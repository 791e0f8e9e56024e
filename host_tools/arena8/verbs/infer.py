# SPDX-License-Identifier: MIT
"""arena8 infer: inputs through a model on a board (or on this machine), the answers, and their proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import rich_click as click

from .. import inputs, options, render, samples, session, sources, transports, watch
from ..errors import ToolError, UsageError
from ..local import LocalModel
from ..remote import RemoteModel
from ..request import OnModel
from ..transports.repl import Repl

COUNT = 100  # random inputs of `verify`, unless --count says otherwise
SEED = 8


@dataclass(frozen=True, kw_only=True)
class Request(OnModel):
    count: int | None = None  # samples, random ones if there is no input
    seed: int = SEED
    watch: sources.Options | None = None
    smooth: int = 1


@dataclass
class Outcome:
    """What came of the samples. Outputs are those of the last."""

    outputs: list[bytes] = field(default_factory=list)
    microseconds: list[int] = field(default_factory=list)
    count: int = 0
    identical: int = 0
    first: dict[str, Any] | None = None  # difference


def run(request: Request) -> int:
    try:
        return _run_on(request)
    except KeyboardInterrupt:
        if request.watch is None:
            raise
        return 0  # the way in which watching ends


def _run_on(request: Request) -> int:
    if request.watch is not None and not request.as_json:
        render.messages().print(f"opening {request.model}", markup=False)
    with opened(request) as (repl, model, twin, file, port):
        if request.watch is not None:
            return watch.run(request, model, twin, port, file)
        fed = _samples(request, model)
        outcome = _run(request, model, twin, fed)
        if outcome.first and repl is not None and file is not None:
            outcome.first["operator"] = _operator(request, repl, model, file, fed, outcome.first["sample"])
    show = _show_many if request.count is not None else _show_one
    return show(request, model, port, twin is not None, outcome)


@contextmanager
def opened(
    request: OnModel,
) -> Iterator[tuple[Repl | None, RemoteModel | LocalModel, LocalModel | None, Path | None, str]]:
    """The board (None: this machine), the model there, with verify its twin, the model's file here if there
    is one, the port's name."""
    port = transports.choose_port(request.port)
    if port == transports.HOST:
        twin = LocalModel(request.model) if request.verify else None
        yield None, LocalModel(request.model), twin, session.model_file(request.model), port
        return
    file = session.model_file(request.model)
    if request.verify and file is None:
        raise UsageError(
            f"--verify needs the .tflite of {request.model}: give its path as MODEL, "
            "or its folder in ARENA8_MODELS"
        )
    # Errors that need no board come before one is bothered.
    twin = LocalModel(file) if request.verify and file else None
    with session.on_board(port, request.timeout, request.baud, request.reset) as repl:
        model = session.open_on(repl, request.model)
        if twin is not None and twin.crc32 != model.crc32:
            raise ToolError(
                f"can't verify: the {model.name} on {repl.name} has CRC-32 {model.crc32:08x}, "
                f"the file here {twin.crc32:08x}"
            )
        yield repl, model, twin, file, repl.name


def _samples(request: Request, model: RemoteModel | LocalModel) -> list[list[bytes]]:
    if request.count is not None and not request.given:
        return samples.random(model.inputs, request.count, request.seed)
    check_inputs(model, request.given)
    if request.count is None:
        pairs = zip(model.inputs, request.given, strict=True)
        return [[inputs.read(text, tensor, request.options) for tensor, text in pairs]]
    found = samples.given(request.given, model.inputs, request.options)
    return found[: request.count]


def check_inputs(model: RemoteModel | LocalModel, given: tuple[str, ...]) -> None:
    if len(given) != len(model.inputs):
        names = ", ".join(f"'{t.name}' {'x'.join(map(str, t.shape))} {t.dtype}" for t in model.inputs)
        raise UsageError(
            f"{model.name} has {len(model.inputs)} input{'s' * (len(model.inputs) != 1)} ({names}), "
            f"got {len(given)} --input"
        )


def answer(
    model: RemoteModel | LocalModel, fed: list[bytes], timeout: float | None, quiet: bool = False
) -> tuple[list[bytes], int | None]:
    """One input through the model: the outputs' bytes, and the microseconds if the board has a clock."""
    for tensor, data in zip(model.inputs, fed, strict=True):
        with render.progress(f"input {tensor.name}", quiet) as moved:
            model.send(tensor, data, moved)
    microseconds = model.invoke(timeout)
    outputs = []
    for tensor in model.outputs:
        with render.progress(f"output {tensor.name}", quiet) as moved:
            outputs.append(model.receive(tensor, moved))
    return outputs, microseconds


def _run(
    request: Request, model: RemoteModel | LocalModel, twin: LocalModel | None, fed: list[list[bytes]]
) -> Outcome:
    outcome = Outcome()
    many = request.count is not None
    with render.counting("verify", len(fed), not many) as counted:
        for sample, data in enumerate(fed):
            if twin is not None:
                try:
                    expected, _ = answer(twin, data, None, True)
                except ToolError as e:
                    if many and not request.given:
                        raise ToolError(
                            f"{e}. Random inputs don't suit {model.name}: give some by --input"
                        ) from e
                    raise
            outcome.outputs, microseconds = answer(model, data, request.timeout, many)
            if microseconds is not None:
                outcome.microseconds.append(microseconds)
            outcome.count += 1
            counted(outcome.count)
            if twin is None:
                continue
            difference = _difference(model, outcome.outputs, expected)
            outcome.identical += difference is None
            if difference and outcome.first is None:
                outcome.first = {"sample": sample, **difference}
    return outcome


def _difference(model: Any, outputs: list[bytes], expected: list[bytes]) -> dict[str, Any] | None:
    from ..localize import compare

    for tensor, there, here in zip(model.outputs, outputs, expected, strict=True):
        if difference := compare(tensor, there, here):
            return difference
    return None


def _operator(
    request: Request, repl: Repl, model: Any, file: Path, fed: list[list[bytes]], sample: int
) -> dict[str, Any]:
    """The first operator that differs. If the sample alone shows nothing, state from those before did it."""
    from ..localize import first_wrong_node

    try:
        found = first_wrong_node(repl, model, file, [fed[sample]], request.timeout)
        if "reason" in found and sample:
            found = first_wrong_node(repl, model, file, fed[: sample + 1], request.timeout)
        return found
    except ToolError as e:
        return {"reason": f"looking for the operator failed: {e}"}


def _where(operator: dict[str, Any] | None) -> str:
    if not operator:
        return ""
    if "reason" in operator:
        return f". {operator['reason'][0].upper()}{operator['reason'][1:]}"
    text = (
        ". The first operator that differs is node {node} {op}: its output {tensor}[{index}] "
        "is {board}, here {host} ({differ} of {of} elements differ)".format(
            **{**operator, "tensor": operator["tensor"][:60]}
        )
    )
    return f"{text}; but {operator['doubt']}" if operator["doubt"] else text


def _show_one(request: Request, model: Any, port: str, verified: bool, outcome: Outcome) -> int:
    microseconds = outcome.microseconds[0] if outcome.microseconds else None
    first = outcome.first
    if request.as_json:
        difference = {k: v for k, v in first.items() if k != "sample"} if first else None
        report = {
            **about(model, port),
            "microseconds": microseconds,
            "outputs": answers(model, outcome.outputs),
            "verified": (first is None) if verified else None,
            "difference": difference,
        }
        print(json.dumps(report))
    else:
        out = render.console()
        for tensor, data in zip(model.outputs, outcome.outputs, strict=True):
            real, raw = tensor.real(data), tensor.values(data)
            if render.is_classes(tensor, real, model.labels):
                render.classes(out, render.top(real, model.labels))
            else:
                render.numbers(out, tensor, raw, real)
        where = _line(model, port)
        if microseconds is not None:
            where.append(f"{microseconds / 1000:.3f} ms")
        if verified and first is None:
            where.append("the same as this machine's to the bit")
        out.print(", ".join(where), style="dim", markup=False)
    if first:
        raise ToolError(
            "the answer differs from this machine's in {differ} of {of} elements; "
            "the first is {output}[{index}]: {port} has {board}, the host {host}".format(port=port, **first)
            + _where(first.get("operator"))
        )
    return 0


def _show_many(request: Request, model: Any, port: str, verified: bool, outcome: Outcome) -> int:
    random = not request.given
    middle = median(outcome.microseconds) if outcome.microseconds else None
    if request.as_json:
        report = {
            **about(model, port),
            "microseconds": middle,
            "count": outcome.count,
            "random": random,
            "seed": request.seed if random else None,
            "identical": outcome.identical if verified else None,
            "verified": outcome.identical == outcome.count if verified else None,
            "difference": outcome.first,
        }
        print(json.dumps(report))
    else:
        out = render.console()
        what = f"random inputs (seed {request.seed})" if random else "inputs"
        if verified:
            style = "bold green" if outcome.identical == outcome.count else "bold red"
            out.print(
                f"[{style}]{outcome.identical} of {outcome.count}[/] answers to {what} are "
                "this machine's to the bit"
            )
        else:
            out.print(f"{outcome.count} {what} answered")
        where = _line(model, port)
        if middle is not None:
            where.append(f"{middle / 1000:.3f} ms")
        out.print(", ".join(where), style="dim", markup=False)
    if outcome.first:
        raise ToolError(
            "{n} of {count} answers differ from this machine's. The first is that to input {sample}, "
            "in {differ} of {of} elements from {output}[{index}] on: {port} has {board}, "
            "the host {host}".format(
                n=outcome.count - outcome.identical, count=outcome.count, port=port, **outcome.first
            )
            + _where(outcome.first.get("operator"))
        )
    return 0


def _line(model: Any, port: str) -> list[str]:
    return [f"{model.name} on {port}", f"arena {model.arena_bytes:,} bytes"]


def about(model: RemoteModel | LocalModel, port: str) -> dict[str, Any]:
    return {
        "model": model.name,
        "crc32": model.crc32,
        "port": port,
        "arena_bytes": model.arena_bytes,
        "heap_bytes": model.heap_bytes,
    }


def answers(model: RemoteModel | LocalModel, outputs: list[bytes]) -> list[dict[str, Any]]:
    """Outputs in values that JSON takes."""
    found = []
    for tensor, data in zip(model.outputs, outputs, strict=True):
        real, raw = tensor.real(data), tensor.values(data)
        entry: dict[str, Any] = {
            "name": tensor.name,
            "shape": list(tensor.shape),
            "dtype": tensor.dtype,
            "raw": [render.number(v) for v in raw],
            "real": [render.number(v) for v in real],
        }
        if render.is_classes(tensor, real, model.labels):
            entry["top"] = render.top(real, model.labels)
        found.append(entry)
    return found


@click.command("infer")
@options.model("Numbers (1,2,3), or a file: .npy, JSON, CSV, an image. Once for each input of the model.")
@click.option(
    "--verify",
    is_flag=True,
    help="Run the same input on this machine too: exit code 1 unless the answers are the same to the bit.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    metavar="N",
    help="So many inputs: random ones, or the first of a file that holds several. "
    "With --watch: end after so many.",
)
@options.watching
@options.on_model("The answer")
def command(**asked) -> int:
    """Runs inputs through MODEL on a board and shows the answers.

    MODEL is the name of a model on the board, or a .tflite file: then the board's model must have the same
    checksum. Numbers are real values and get quantized; an .npy of exactly the input's type is stored as it
    is.
    """
    request = Request(**asked)
    if not request.given and request.watch is None and request.count is None:
        raise click.UsageError("Missing option '--input' / '-i' (or --count for random inputs, or --watch).")
    if request.given and request.watch is not None:
        raise click.UsageError("--watch takes the place of --input: give one of them.")
    return run(request)
