# SPDX-License-Identifier: MIT
"""Measures what operators cost on the emulated Pico, from which `arena8 inspect` estimates milliseconds.

    python tests/estimates.py [--only OPERATOR...]

Models of one node each, of several sizes an operator, are sent to the newest RPI_PICO firmware, and the
cycles of an invoke counted, less those of an invoke without nodes. By operator, the costs of a node, a MAC,
an input byte and an output byte that fit best (least squares of the relative error, none negative) are
written to host_tools/arena8/costs.json. The emulator models neither the flash cache nor a second core.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import itertools
import json
import os
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "kernels"))

from arena8 import boards, estimate, view  # noqa: E402
from arena8.errors import ToolError  # noqa: E402
from arena8.transports.pico_emulator import PicoRepl  # noqa: E402
from model_builder import ModelBuilder  # noqa: E402

OUT = ROOT / "host_tools" / "arena8" / "costs.json"
HALF, FINE = dict(scale=0.5, zero_point=3), dict(scale=1 / 256, zero_point=-128)

# On the board: a model travels compressed, as weights here repeat themselves. The first invoke isn't counted.
# Inputs are all over their range, without zeros, which kernels may pass over and divisions refuse.
BEGIN = "import arena8, binascii, deflate, gc, io\n"
LOAD = """
_i = _m = None
gc.collect()
_m = deflate.DeflateIO(io.BytesIO(binascii.a2b_base64({text!r})), deflate.ZLIB).read()
_i = arena8.Interpreter(_m)
for _t in _i.inputs:
    if _t.dtype in ("int8", "uint8", "int16"):
        _t.write(bytes((k * 167 + 29 ^ k >> 3) & 254 for k in range(len(bytes(_t.data)))))
    elif _t.dtype == "float32":
        _d = _t.data
        for _k in range(len(_d)):
            _d[_k] = (_k * 7 % 31 - 15) / 4 + 0.1
_d = _t = None
_i.invoke()
"""
TIMEOUT = 600


def weights(*shape: int) -> np.ndarray:
    """Values that are all alike to a cycle counter and next to nothing to a compressor."""
    return np.resize(np.array([17, -90, 4, 61, -33, 120, -7, 0], np.int8), shape)


def one(op: str, inputs: list, outputs: list, **options) -> bytes:
    """A model of one node. An input is (shape, quantization), an array (a constant) or None."""
    m = ModelBuilder()
    places, free = [], []
    for entry in inputs:
        if entry is None:
            places.append(None)
        elif isinstance(entry, np.ndarray):
            quantized = dict(scale=0.01, zero_point=0) if entry.dtype == np.int8 else {}
            places.append(m.constant(entry, **quantized))
        elif isinstance(entry[0], np.ndarray):
            places.append(m.constant(entry[0], **entry[1]))
        else:
            shape, facts = entry
            facts = dict(facts)
            places.append(m.tensor(shape, facts.pop("dtype", "int8"), **facts))
            free.append(places[-1])
    ends = []
    for shape, facts in outputs:
        facts = dict(facts)
        ends.append(m.tensor(shape, facts.pop("dtype", "int8"), **facts))
    m.node(op, places, ends, **options)
    return m.build(inputs=free, outputs=ends)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def matrix() -> Iterator[tuple[str, bytes]]:
    """The operators that multiply."""
    for h, w, cin, cout, k, stride in (
        (4, 4, 4, 4, 1, 1), (8, 8, 8, 8, 1, 1), (6, 6, 32, 32, 1, 1), (3, 3, 64, 64, 1, 1),
        (8, 8, 16, 4, 1, 1),
        (4, 4, 4, 4, 3, 1), (8, 8, 8, 8, 3, 1), (16, 16, 1, 8, 3, 1), (12, 12, 3, 8, 3, 2),
        (5, 5, 16, 16, 3, 1),
        (4, 4, 32, 32, 3, 1), (12, 8, 1, 16, 5, 2), (16, 1, 16, 8, 1, 1),
    ):  # fmt: skip
        oh, ow = -(-h // stride), -(-w // stride)
        bias = (np.zeros(cout, np.int32), dict(scale=0.005, zero_point=0))
        yield "CONV_2D", one(
            "CONV_2D", [((1, h, w, cin), HALF), weights(cout, k, k, cin), bias], [((1, oh, ow, cout), HALF)],
            padding="SAME", stride_w=stride, stride_h=stride,
        )  # fmt: skip
    for h, w, channels, k, multiplier, stride in (
        (4, 4, 4, 3, 1, 1), (8, 8, 8, 3, 1, 1), (6, 6, 32, 3, 1, 1), (4, 4, 64, 3, 1, 1), (8, 8, 1, 3, 8, 1),
        (8, 8, 16, 5, 1, 1), (12, 12, 8, 3, 1, 2),
        (4, 4, 1, 3, 8, 1), (10, 10, 1, 5, 4, 2), (6, 6, 4, 3, 2, 1),
    ):  # fmt: skip
        oh, ow, out = -(-h // stride), -(-w // stride), channels * multiplier
        bias = (np.zeros(out, np.int32), dict(scale=0.005, zero_point=0))
        yield "DEPTHWISE_CONV_2D", one(
            "DEPTHWISE_CONV_2D", [((1, h, w, channels), HALF), weights(1, k, k, out), bias],
            [((1, oh, ow, out), HALF)], padding="SAME", stride_w=stride, stride_h=stride,
            depth_multiplier=multiplier,
        )  # fmt: skip
    for depth, units in ((4, 4), (16, 16), (64, 8), (64, 64), (256, 32), (600, 10), (1, 16)):
        bias = (np.zeros(units, np.int32), dict(scale=0.005, zero_point=0))
        yield (
            "FULLY_CONNECTED",
            one("FULLY_CONNECTED", [((1, depth), HALF), weights(units, depth), bias], [((1, units), HALF)]),
        )
    for h, cin, cout, k in ((3, 4, 4, 3), (6, 8, 8, 3), (4, 16, 16, 2), (8, 4, 4, 4)):
        yield "TRANSPOSE_CONV", one(
            "TRANSPOSE_CONV", [ints(1, 2 * h, 2 * h, cout), weights(cout, k, k, cin), ((1, h, h, cin), HALF)],
            [((1, 2 * h, 2 * h, cout), HALF)], padding="SAME", stride_w=2, stride_h=2,
        )  # fmt: skip
    for rows, depth, width in ((4, 4, 4), (8, 32, 8), (16, 16, 32)):
        yield (
            "BATCH_MATMUL",
            one(
                "BATCH_MATMUL",
                [((1, rows, depth), HALF), ((1, depth, width), HALF)],
                [((1, rows, width), HALF)],
            ),
        )


# Output quantization where the operator asks for one.
OUTPUTS = {
    "LOGISTIC": FINE, "SOFTMAX": FINE, "TANH": dict(scale=1 / 128, zero_point=0),
    "L2_NORMALIZATION": dict(scale=1 / 128, zero_point=0),
    "LOG_SOFTMAX": dict(scale=16 / 256, zero_point=127),
    "RSQRT": dict(scale=0.02, zero_point=-128),
}  # fmt: skip
LISTS = {
    "unary": """ABS CEIL COS ELU EXP FLOOR GELU HARD_SWISH LEAKY_RELU LOG LOGISTIC NEG RELU RELU6 RELU_0_TO_1
        RELU_N1_TO_1 ROUND RSQRT SIGN SIN SQRT SQUARE TANH""",
    "rowwise": "SOFTMAX LOG_SOFTMAX L2_NORMALIZATION",
    "binary": "ADD SUB MUL DIV MAXIMUM MINIMUM SQUARED_DIFFERENCE FLOOR_DIV FLOOR_MOD",
    "compare": "EQUAL NOT_EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL",
    "reduce": "MEAN SUM REDUCE_MAX REDUCE_MIN",
}
UNARY, ROWWISE, BINARY, COMPARE, REDUCE = (names.split() for names in LISTS.values())


def elementwise() -> Iterator[tuple[str, bytes]]:
    for op in UNARY:
        options = dict(alpha=0.2) if op == "LEAKY_RELU" else {}
        inside = dict(scale=0.02, zero_point=-128) if op in ("RSQRT", "SQRT", "LOG") else HALF
        if op in ("CEIL", "FLOOR", "ROUND", "SIGN", "COS", "SIN"):
            inside = dict(scale=0.02, zero_point=3)
        for n in (8, 200, 1500):
            yield op, one(op, [((1, n), inside)], [((1, n), OUTPUTS.get(op, inside))], **options)
    for op in ROWWISE:
        for rows, n in ((1, 4), (1, 10), (1, 300), (30, 10)):
            options = dict(beta=1.0) if op == "SOFTMAX" else {}
            yield op, one(op, [((rows, n), HALF)], [((rows, n), OUTPUTS[op])], **options)
    for op in BINARY:
        for n in (8, 200, 1500):
            yield op, one(op, [((1, n), HALF), ((1, n), HALF)], [((1, n), HALF)])
    for op in COMPARE:
        for n in (8, 200, 1500):
            yield op, one(op, [((1, n), HALF), ((1, n), HALF)], [((1, n), dict(dtype="bool"))])
    for n in (8, 200, 1500):
        yield "QUANTIZE", one("QUANTIZE", [((1, n), HALF)], [((1, n), FINE)])
        yield "QUANTIZE", one("QUANTIZE", [((1, n), dict(dtype="float32"))], [((1, n), HALF)])
        yield "DEQUANTIZE", one("DEQUANTIZE", [((1, n), HALF)], [((1, n), dict(dtype="float32"))])
        yield "PRELU", one("PRELU", [((1, n), HALF), weights(1, n)], [((1, n), HALF)])
    for h, c in ((2, 2), (6, 8), (6, 32), (12, 4)):
        for op in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
            for size in (2, 3):
                out = -(-h // 2)
                yield op, one(
                    op, [((1, h, h, c), HALF)], [((1, out, out, c), HALF)], padding="SAME",
                    stride_w=2, stride_h=2, filter_width=size, filter_height=size,
                )  # fmt: skip
        for op in REDUCE:
            yield op, one(op, [((1, h, h, c), HALF), ints(1, 2)], [((1, c), HALF)])
        for op in ("ARG_MAX", "ARG_MIN"):
            yield (
                op,
                one(op, [((h, h, c), HALF), ints(2)], [((h, h), dict(dtype="int32"))], output_type="int32"),
            )


def moves() -> Iterator[tuple[str, bytes]]:
    for h, c in ((2, 2), (6, 8), (8, 24), (14, 4)):
        x = ((1, h, h, c), HALF)
        yield "RESHAPE", one("RESHAPE", [x, ints(1, h * h * c)], [((1, h * h * c), HALF)])
        yield "EXPAND_DIMS", one("EXPAND_DIMS", [x, ints(0)], [((1, 1, h, h, c), HALF)])
        yield "SQUEEZE", one("SQUEEZE", [x], [((h, h, c), HALF)])
        pads = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
        yield "PAD", one("PAD", [x, pads], [((1, h + 2, h + 2, c), HALF)])
        yield "MIRROR_PAD", one("MIRROR_PAD", [x, pads], [((1, h + 2, h + 2, c), HALF)])
        yield "CONCATENATION", one("CONCATENATION", [x, x], [((1, h, h, 2 * c), HALF)], axis=3)
        yield "CONCATENATION", one("CONCATENATION", [x, x], [((1, 2 * h, h, c), HALF)], axis=1)
        yield "TRANSPOSE", one("TRANSPOSE", [x, ints(0, 2, 1, 3)], [((1, h, h, c), HALF)])
        yield "TRANSPOSE", one("TRANSPOSE", [x, ints(0, 3, 1, 2)], [((1, c, h, h), HALF)])
        half = ((1, h // 2, h, c), HALF)
        yield "SPLIT", one("SPLIT", [ints(1), x], [half, half], num_splits=2)
        yield "SLICE", one("SLICE", [x, ints(0, 0, 0, 0), ints(1, h // 2, h, c)], [half])
        yield (
            "STRIDED_SLICE",
            one("STRIDED_SLICE", [x, ints(0, 0, 0, 0), ints(1, h // 2, h, c), ints(1, 1, 1, 1)], [half]),
        )
        yield "PACK", one("PACK", [x, x], [((2, 1, h, h, c), HALF)], values_count=2, axis=0)
        yield "UNPACK", one("UNPACK", [((2, h, c), HALF)], [((h, c), HALF)] * 2, num=2, axis=0)
        double = [((1, 2 * h, 2 * h, c), HALF)]
        for op in ("RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR"):
            yield op, one(op, [x, ints(2 * h, 2 * h)], double)
        yield "SPACE_TO_DEPTH", one("SPACE_TO_DEPTH", [x], [((1, h // 2, h // 2, 4 * c), HALF)], block_size=2)
        yield "DEPTH_TO_SPACE", one("DEPTH_TO_SPACE", [((1, h, h, 4), HALF)], [((1, 2 * h, 2 * h, 1), HALF)],
                                    block_size=2)  # fmt: skip
        yield "REVERSE_V2", one("REVERSE_V2", [x, ints(1)], [x])
        yield "BROADCAST_TO", one("BROADCAST_TO", [((1, 1, h, c), HALF), ints(1, h, h, c)], [x])
        yield "TILE", one("TILE", [x, ints(1, 2, 1, 1)], [((1, 2 * h, h, c), HALF)])
        yield "GATHER", one("GATHER", [((h, h * c), HALF), ints(1, 0)], [((2, h * c), HALF)], axis=0)
        yield "CUMSUM", one("CUMSUM", [x, ints(1)], [x])


def invoke_cycles(pico: PicoRepl, model: bytes) -> int:
    """Cycles of one invoke of a model."""
    pico.exec(LOAD.format(text=base64.b64encode(zlib.compress(model, 9))), TIMEOUT)
    return pico.cycles_of("_i.invoke")


def call_cycles(pico: PicoRepl) -> int:
    """Cycles of an invoke without its nodes: what is left of one when the nodes go."""

    def chain(nodes: int) -> int:
        m = ModelBuilder()
        tensors = [m.tensor((1, 4), **HALF) for _ in range(nodes + 1)]
        for before, behind in itertools.pairwise(tensors):
            m.node("RESHAPE", [before], [behind])
        return invoke_cycles(pico, m.build(inputs=tensors[:1], outputs=tensors[-1:]))

    one, nine = chain(1), chain(9)
    return one - (nine - one) // 8


def fit(samples: list[tuple[dict, int]]) -> dict:
    """The costs of an operator that fit best. samples: what a node is made of (estimate.work), its cycles."""
    multiplies = any(parts["per_mac"] for parts, _ in samples)
    names = ("per_mac", "per_row", "per_output") if multiplies else ("per_row", "per_input", "per_output")
    cycles = np.array([count for _, count in samples], np.float64)
    columns = {name: np.array([float(parts[name]) for parts, _ in samples]) for name in names}
    best: tuple | None = None
    for count in range(len(columns) + 1):
        for chosen in itertools.combinations(columns, count):
            scaled = np.stack([np.ones(len(samples)), *(columns[name] for name in chosen)], axis=1)
            scaled /= cycles[:, None]
            if len(samples) <= count + 1 or np.linalg.matrix_rank(scaled) <= count:
                continue
            costs = np.linalg.lstsq(scaled, np.ones(len(samples)), rcond=None)[0]
            if np.any(costs < 0):
                continue
            errors = np.abs(scaled @ costs - 1)
            score = float(np.sqrt(np.mean(errors**2))) + 0.003 * count
            if best is None or score < best[0]:
                best = (score, dict(zip(("fixed", *chosen), costs, strict=True)), float(errors.max()))
    assert best is not None, "too few samples"
    costs = {name: round(float(value), 2) for name, value in best[1].items()}
    return {**costs, "nodes": len(samples), "worst": round(best[2], 3)}


def firmwares() -> dict[str, dict[str, int]]:
    """What default firmwares take without their models and arena, of boards that have been built."""
    folder = Path(os.environ.get("ARENA8_FIRMWARE") or ROOT / "build" / "firmware")
    found = {}
    for name in boards.all_boards():
        built = [json.loads(file.read_text()) for file in folder.glob(f"{name}*/firmware.json")]
        built = [about for about in built if about["board"] == name and "flash" in about]
        if built:
            about = max(built, key=lambda about: len(about["operators"]))
            models = sum((model["bytes"] + 15) // 16 * 16 for model in about["models"])
            found[name] = {
                "flash": about["flash"]["used"] - models,
                "ram": about["ram"]["used"] - about["arena_bytes"],
            }
    return found


def measure(known: dict[str, int], only: list[str]) -> dict[str, list[tuple[dict, int]]]:
    """Samples by operator. known: cycles by the SHA-256 of a model, which aren't counted again; gets more."""
    groups: dict[str, list[tuple[dict, int]]] = defaultdict(list)
    with PicoRepl(str(boards.board("RPI_PICO").firmware())) as pico:
        pico.connect()
        pico.exec(BEGIN)
        if "call" not in known:
            known["call"] = call_cycles(pico)
        for op, model in itertools.chain(matrix(), elementwise(), moves()):
            if only and op not in only:
                continue
            digest = hashlib.sha256(model).hexdigest()
            try:
                about = view.describe(model)
                if about["error"]:
                    raise ToolError(about["error"])
                if digest not in known:
                    known[digest] = invoke_cycles(pico, model) - known["call"]
            except ToolError as e:
                print(f"{op}: {e}", file=sys.stderr)
                continue
            node = about["operators"][0]
            groups[estimate.key(node)].append((estimate.work(node), known[digest]))
            print(f"  {estimate.key(node):32} {known[digest]:12,}", file=sys.stderr)
    return groups


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="OPERATOR", help="leave the rest as it is")
    parser.add_argument(
        "--known", type=Path, metavar="FILE", help="counts of this firmware, kept between runs"
    )
    args = parser.parse_args()
    known = json.loads(args.known.read_text()) if args.known and args.known.is_file() else {}
    board = boards.board("RPI_PICO")
    try:
        groups = measure(known, args.only)
    except ToolError as e:
        print(f"error: {e}", file=sys.stderr)
        return e.exit_code
    finally:
        if args.known:
            args.known.write_text(json.dumps(known))
    before = json.loads(OUT.read_text()) if OUT.is_file() else {"cores": {}, "firmware": {}}
    before["firmware"].update(firmwares())
    core = before["cores"].setdefault(board.facts["core"], {"operators": {}})
    if not args.only:
        core["operators"] = {}
    core["measured"] = f"{board.name}, emulated, kernels for {board.target}"
    core["invoke"] = known["call"]
    core["operators"].update({key: fit(samples) for key, samples in groups.items()})
    core["operators"] = dict(sorted(core["operators"].items()))
    OUT.write_text(json.dumps(before, indent=1) + "\n")
    nodes = sum(map(len, groups.values()))
    print(f"{nodes} nodes of {len(groups)} operators; {OUT.relative_to(ROOT)} has the costs.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
