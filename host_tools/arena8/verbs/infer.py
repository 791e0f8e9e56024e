# SPDX-License-Identifier: MIT
"""arena8 infer: one input through a model on a board (or on this machine), and the answer."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rich_click as click

from .. import inputs, options, remote, render, transports
from ..errors import RemoteError, ToolError, UsageError
from ..local import LocalModel
from ..remote import RemoteModel
from ..transports.repl import Repl


@dataclass(frozen=True)
class Request:
    model: str  # a name on the board, or a .tflite
    inputs: tuple[str, ...]
    port: str | None = None
    baud: int = 115200
    verify: bool = False
    as_json: bool = False
    timeout: float | None = None
    reset: bool = True
    options: inputs.Options = inputs.Options()


def run(request: Request) -> int:
    port = transports.choose_port(request.port)
    if port == transports.HOST:
        model = LocalModel(request.model)
        return _finish(request, model, "host", None, _answer(request, model))
    err = render.messages()
    file = model_file(request.model)
    if request.verify and file is None:
        raise UsageError(
            f"--verify needs the .tflite of {request.model}: give its path as MODEL, "
            "or its folder in ARENA8_MODELS"
        )
    # Errors that need no board come before one is bothered.
    twin = LocalModel(file) if request.verify and file else None
    repl = transports.connect(port, request.timeout, request.baud, lambda text: err.print(text, markup=False))
    try:
        try:
            repl.soft_reset()  # nobody else's objects hold memory or the static arena
            model = open_on(repl, request.model)
            outputs = _answer(request, model)
        except KeyboardInterrupt:
            if repl.can_interrupt:
                repl.interrupt()
            raise
        finally:
            _leave(repl, request, err)
    finally:
        repl.close()
    return _finish(request, model, repl.name, twin, outputs)


def _leave(repl: Repl, request: Request, err: Any) -> None:
    restart = repl.interrupted and request.reset
    try:
        repl.leave(restart)
    except ToolError:
        return  # what went wrong before is the error to show
    if restart:
        err.print(f"{repl.name}: its program starts again", markup=False)


def model_file(model: str) -> Path | None:
    """The .tflite on this machine that MODEL means, if there is one."""
    if _is_path(model):
        if not Path(model).is_file():
            raise ToolError(f"no file {model}")
        return Path(model)
    from ..model import find

    return find(model)


def _is_path(model: str) -> bool:
    return model.endswith(".tflite") or "/" in model or "\\" in model


def open_on(repl: Repl, model: str) -> RemoteModel:
    """The model on the board that MODEL means; a file's checksum must be that of the board's model."""
    there = {name: (size, crc & 0xFFFFFFFF) for name, size, crc in remote.models(repl)}
    if not _is_path(model):
        opened = _open(repl, model, there)
        file = model_file(model)
        if file is not None and (crc := zlib.crc32(file.read_bytes())) != opened.crc32:
            render.messages().print(
                f"{repl.name}: its {model} (CRC-32 {opened.crc32:08x}) is not {file} (CRC-32 {crc:08x})",
                markup=False,
            )
        return opened
    content = Path(model).read_bytes()
    crc = zlib.crc32(content)
    name = Path(model).stem
    same = [n for n, (_, c) in there.items() if c == crc]
    if same:
        return _open(repl, name if name in same else same[0], there)
    if name in there:
        # A deployed model hides behind a frozen one of its name.
        deployed = f"/rom/{name}.tflite"
        if _crc32(repl, deployed) == crc:
            return _open(repl, deployed, there)
        size, found = there[name]
    else:
        opened = _open(repl, name, there)  # one that models() doesn't list, as in a ROMFS
        if opened.crc32 == crc:
            return opened
        size, found = opened.nbytes, opened.crc32
    raise ToolError(
        f"{model} and the {name} on {repl.name} are different models: the file has {len(content)} bytes, "
        f"CRC-32 {crc:08x}; the board's has {size} bytes, CRC-32 {found:08x}. "
        f"arena8 deploy puts this one on the board; the name {name} runs the board's"
    )


def _crc32(repl: Repl, name: str) -> int | None:
    try:
        return int(repl.exec(f"import arena8\nprint(arena8.Model({name!r}).crc32)").split()[-1]) & 0xFFFFFFFF
    except RemoteError:
        return None


def _open(repl: Repl, name: str, there: Iterable[str]) -> RemoteModel:
    try:
        return RemoteModel(repl, name)
    except RemoteError as e:
        if e.kind != "OSError":
            raise
        raise ToolError(
            f"{repl.name} has no model {name}; its models are {', '.join(sorted(there)) or 'none'}"
        ) from e


def _answer(request: Request, model: RemoteModel | LocalModel) -> list[bytes]:
    """Feeds the inputs, runs the model, returns the outputs' bytes; keeps what was fed in model.fed."""
    if len(request.inputs) != len(model.inputs):
        names = ", ".join(f"'{t.name}' {'x'.join(map(str, t.shape))} {t.dtype}" for t in model.inputs)
        raise UsageError(
            f"{model.name} has {len(model.inputs)} input{'s' * (len(model.inputs) != 1)} ({names}), "
            f"got {len(request.inputs)} --input"
        )
    pairs = list(zip(model.inputs, request.inputs, strict=True))
    model.fed = [inputs.read(text, tensor, request.options) for tensor, text in pairs]
    for tensor, data in zip(model.inputs, model.fed, strict=True):
        with render.progress(f"input {tensor.name}") as moved:
            model.send(tensor, data, moved)
    model.microseconds = model.invoke(request.timeout)
    outputs = []
    for tensor in model.outputs:
        with render.progress(f"output {tensor.name}") as moved:
            outputs.append(model.receive(tensor, moved))
    return outputs


def first_difference(model: Any, outputs: list[bytes], twin: LocalModel) -> dict[str, Any] | None:
    """Runs the twin on the same bytes. None: the same to the bit."""
    for tensor, data in zip(twin.inputs, model.fed, strict=True):
        twin.send(tensor, data)
    twin.invoke()
    for tensor, data in zip(twin.outputs, outputs, strict=True):
        expected = twin.receive(tensor)
        if data == expected:
            continue
        ours, theirs = tensor.values(expected), tensor.values(data)
        # By bytes, so that two NaNs of the same bits are no difference.
        item = len(expected) // tensor.count
        differ = [
            i
            for i in range(tensor.count)
            if data[i * item : (i + 1) * item] != expected[i * item : (i + 1) * item]
        ]
        at = differ[0]
        return {
            "output": tensor.name,
            "index": at,
            "board": render.number(theirs[at]),
            "host": render.number(ours[at]),
            "differ": len(differ),
            "of": tensor.count,
        }
    return None


def _finish(
    request: Request,
    model: RemoteModel | LocalModel,
    port: str,
    twin: LocalModel | None,
    outputs: list[bytes],
) -> int:
    if request.verify and twin is None:
        twin = LocalModel(request.model)  # on the host itself: a fresh interpreter says the same
    if twin is not None and twin.crc32 != model.crc32:
        raise ToolError(
            f"can't verify: the {model.name} on {port} has CRC-32 {model.crc32:08x}, "
            f"the file here {twin.crc32:08x}"
        )
    difference = first_difference(model, outputs, twin) if twin is not None else None
    if request.as_json:
        print(json.dumps(_report(model, port, outputs, twin is not None, difference)))
    else:
        _show(model, port, outputs, twin is not None and difference is None)
    if difference:
        raise ToolError(
            "the answer differs from this machine's in {differ} of {of} elements; "
            "the first is {output}[{index}]: {port} has {board}, the host {host}".format(
                port=port, **difference
            )
        )
    return 0


def _show(model: RemoteModel | LocalModel, port: str, outputs: list[bytes], verified: bool) -> None:
    out = render.console()
    for tensor, data in zip(model.outputs, outputs, strict=True):
        real, raw = tensor.real(data), tensor.values(data)
        if render.is_classes(tensor, real, model.labels):
            render.classes(out, render.top(real, model.labels))
        else:
            render.numbers(out, tensor, raw, real)
    where = [f"{model.name} on {port}", f"arena {model.arena_bytes:,} bytes"]
    if model.microseconds is not None:
        where.append(f"{model.microseconds / 1000:.3f} ms")
    if verified:
        where.append("the same as this machine's to the bit")
    out.print(", ".join(where), style="dim", markup=False)


def _report(
    model: RemoteModel | LocalModel,
    port: str,
    outputs: list[bytes],
    verified: bool,
    difference: dict[str, Any] | None,
) -> dict[str, Any]:
    answers = []
    for tensor, data in zip(model.outputs, outputs, strict=True):
        real, raw = tensor.real(data), tensor.values(data)
        answer: dict[str, Any] = {
            "name": tensor.name,
            "shape": list(tensor.shape),
            "dtype": tensor.dtype,
            "raw": [render.number(v) for v in raw],
            "real": [render.number(v) for v in real],
        }
        if render.is_classes(tensor, real, model.labels):
            answer["top"] = render.top(real, model.labels)
        answers.append(answer)
    return {
        "model": model.name,
        "crc32": model.crc32,
        "port": port,
        "arena_bytes": model.arena_bytes,
        "heap_bytes": model.heap_bytes,
        "microseconds": model.microseconds,
        "outputs": answers,
        "verified": (difference is None) if verified else None,
        "difference": difference,
    }


@click.command("infer")
@click.argument("model", metavar="MODEL")
@click.option(
    "-i",
    "--input",
    "given",
    metavar="X",
    multiple=True,
    required=True,
    help="Numbers (1,2,3), or a file: .npy, JSON, CSV, an image. Once for each input of the model.",
)
@options.port
@options.baud
@click.option(
    "--verify",
    is_flag=True,
    help="Run the same input on this machine too: exit code 1 unless the answers are the same to the bit.",
)
@click.option("--raw", is_flag=True, help="Integers are stored as they are, not quantized.")
@click.option(
    "--scale", type=float, default=1.0, show_default=True, help="Multiplies each number of the input ..."
)
@click.option(
    "--offset",
    type=float,
    default=0.0,
    show_default=True,
    help="... and is added to it, before it is quantized.",
)
@click.option("--resize", is_flag=True, help="Scale an image to the size that the model takes.")
@options.as_json("The answer")
@options.timeout
@options.no_reset
def command(model, given, port, baud, verify, raw, scale, offset, resize, as_json, timeout, no_reset) -> int:
    """Runs an input through MODEL on a board and shows the answer.

    MODEL is the name of a model on the board, or a .tflite file: then the board's model must have the same
    checksum. Numbers are real values and get quantized; an .npy of exactly the input's type is stored as it
    is.
    """
    return run(
        Request(
            model=model,
            inputs=given,
            port=port,
            baud=baud,
            verify=verify,
            as_json=as_json,
            timeout=timeout,
            reset=not no_reset,
            options=inputs.Options(raw=raw, resize=resize, scale=scale, offset=offset),
        )
    )
