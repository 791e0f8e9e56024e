# SPDX-License-Identifier: MIT
"""What is in a model: its nodes, tensors, work and needs, also for models that can't run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from . import _native
from ._native import ffi, lib
from .interpreter import Interpreter
from .model import Model, as_model, size_on

TensorFacts = dict[str, Any]

# Names of a8_reason_t for programs; people get the engine's sentence.
REASONS = {
    lib.A8_NO_SUCH_OPERATOR: "no_such_operator",
    lib.A8_NOT_IN_THIS_BUILD: "not_in_this_build",
    lib.A8_NO_SUCH_DTYPE: "no_such_dtype",
    lib.A8_DTYPE_NOT_IN_THIS_BUILD: "dtype_not_in_this_build",
    lib.A8_HYBRID: "hybrid",
}


def tensor_facts(model: Model, subgraph: int, index: int) -> TensorFacts:
    info = ffi.new("a8_tensor_info_t *")
    error = ffi.new("a8_error_t *")
    if lib.a8_model_tensor(model._view, subgraph, index, info, error) != lib.A8_OK:
        _native.fail(error)
    constant = info.data != ffi.NULL
    channels = info.n_scales
    scale: Any = info.scale
    zero_point: Any = info.zero_point
    if channels > 1:
        scale = [lib.a8_tensor_scale(info, i) for i in range(channels)]
        zero_point = [lib.a8_tensor_zero_point(info, i) for i in range(channels)]
    return {
        "index": index,
        "name": _native.text(info.name),
        "shape": [info.dims[i] for i in range(info.rank)],
        "dtype": _native.dtype_name(info.dtype),
        "count": info.count,
        "bytes": info.bytes,
        "constant": constant,
        "position": int(ffi.cast("intptr_t", info.data)) - model.address if constant else None,
        "variable": bool(info.is_variable),
        "scale": scale,
        "zero_point": zero_point,
    }


# Multiply-accumulates of a node by its tensors. What isn't listed multiplies nothing, or next to it.


def _conv(inputs: list[TensorFacts], outputs: list[TensorFacts]) -> int:
    """Every output element takes one filter of its channel."""
    channels = inputs[1]["shape"][0]
    return outputs[0]["count"] * (inputs[1]["count"] // channels) if channels else 0


def _depthwise(inputs: list[TensorFacts], outputs: list[TensorFacts]) -> int:
    """Every output element takes the filter's height by width."""
    _, height, width, _ = inputs[1]["shape"]
    return outputs[0]["count"] * height * width


def _fully_connected(inputs: list[TensorFacts], outputs: list[TensorFacts]) -> int:
    return outputs[0]["count"] * inputs[1]["shape"][-1]


def _transpose_conv(inputs: list[TensorFacts], outputs: list[TensorFacts]) -> int:
    """Every input element meets one filter of its channel: inputs are output shape, filter, input."""
    channels = inputs[1]["shape"][-1]
    return inputs[2]["count"] * (inputs[1]["count"] // channels) if channels else 0


def _batch_matmul(inputs: list[TensorFacts], outputs: list[TensorFacts]) -> int:
    left, width = inputs[0]["shape"], outputs[0]["shape"][-1]
    rows = outputs[0]["shape"][-2]
    depth = left[-1] if left[-2] == rows else left[-2]
    return outputs[0]["count"] // (rows * width) * rows * width * depth if rows * width else 0


def _svdf(inputs: list[TensorFacts], outputs: list[TensorFacts]) -> int:
    """Weights once for each batch, over features, then over time."""
    return inputs[0]["shape"][0] * (inputs[1]["count"] + inputs[2]["count"])


def _lstm(inputs: list[TensorFacts], outputs: list[TensorFacts]) -> int:
    """Every matrix of weights once for each step of each batch."""
    steps = math.prod(inputs[0]["shape"][:-1])
    return steps * sum(t["count"] for t in inputs[1:] if t["constant"] and len(t["shape"]) == 2)


MACS: dict[str, Callable[[list[TensorFacts], list[TensorFacts]], int]] = {
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "TRANSPOSE_CONV": _transpose_conv,
    "BATCH_MATMUL": _batch_matmul,
    "SVDF": _svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}


def _macs(op: str, inputs: list[TensorFacts], outputs: list[TensorFacts]) -> int:
    try:
        return MACS[op](inputs, outputs) if op in MACS else 0
    except (IndexError, ValueError):
        return 0  # tensors are missing or of a wrong rank: such a node doesn't load either


def _weights(op: str, inputs: list[TensorFacts]) -> list[TensorFacts]:
    """Weights and biases: the constants of a node that multiplies, but for a shape that steers it."""
    if op not in MACS:
        return []
    return [t for t in inputs[1 if op == "TRANSPOSE_CONV" else 0 :] if t["constant"]]


def _params(weights: list[TensorFacts]) -> int:
    """Elements of weights; a buffer that several tensors share counts once."""
    return sum({t["position"]: t["count"] for t in weights}.values())


def _nodes(model: Model) -> list[dict[str, Any]]:
    return [node for subgraph in range(model._view.n_subgraphs) for node in _nodes_of(model, subgraph)]


def _nodes_of(model: Model, subgraph: int) -> list[dict[str, Any]]:
    tensors: dict[int, TensorFacts] = {}

    def get(index: int) -> TensorFacts:
        if index not in tensors:
            tensors[index] = tensor_facts(model, subgraph, index)
        return tensors[index]

    node = ffi.new("a8_node_info_t *")
    error = ffi.new("a8_error_t *")
    callees = ffi.new("uint32_t[2]")
    found = []
    for i in range(lib.a8_model_nodes(model._view, subgraph)):
        if lib.a8_model_node(model._view, subgraph, i, node, error) != lib.A8_OK:
            _native.fail(error)
        indices = [lib.a8_node_input(model._view, node, k) for k in range(node.n_inputs)]
        inputs = [get(index) for index in indices if index >= 0]
        indices = [lib.a8_node_output(model._view, node, k) for k in range(node.n_outputs)]
        outputs = [get(index) for index in indices if index >= 0]
        called = lib.a8_model_callees(model._view, node, callees)
        custom = _native.text(node.custom)
        op = custom or _native.op_name(node.op)
        found.append(
            {
                "index": i,
                "subgraph": subgraph,
                "op": op,
                "family": _family(model, subgraph, i),
                "custom": bool(custom),
                "inputs": inputs,
                "outputs": outputs,
                "subgraphs": list(callees[0:called]),
                "macs": _macs(op, inputs, outputs),
                "params": _params(_weights(op, inputs)),
            }
        )
    return found


def _family(model: Model, subgraph: int, node: int) -> str | None:
    """Of the row of ops.def that runs the node, None if there is none."""
    op, family = ffi.new("int32_t *"), ffi.new("int32_t *")
    if not lib.a8_op_row_for(model._view, subgraph, node, op, family):
        return None
    return "ANY" if family[0] < 0 else _native.dtype_name(family[0]).upper()


def nodes(source: Any) -> list[dict[str, Any]]:
    """The nodes of a model in order of execution, as describe() has them under "operators"."""
    return _nodes(as_model(source))


def trace(interpreter: Interpreter) -> Iterator[tuple[int, str, dict[int, bytes]]]:
    """Steps to the end of the model; yields (index, operator, bytes by tensor) of what each node put out.

    Nodes of other subgraphs count for the node that has them run. Write the inputs first. Starts where the
    interpreter stands: at the first node unless it was stepped.
    """
    core = interpreter._core
    io = ffi.new("a8_io_t *")
    more = True
    while more:
        index = lib.a8_next_node(core.handle)
        more = interpreter.step()
        if more and lib.a8_next_node(core.handle) == index:
            continue  # a node that has subgraphs run takes more steps
        results, output = {}, 0
        while lib.a8_node_result(core.handle, index, output, io):
            results[io.tensor] = bytes(ffi.buffer(io.data, io.bytes))
            output += 1
        yield index, _native.op_name(lib.a8_node_op(core.handle, index)), results


def unsupported(source: Any) -> list[dict[str, Any]]:
    """Nodes that this build can't run: node, subgraph, op, dtype, reason and the sentence for it."""
    model = as_model(source)
    subgraph, node = ffi.new("uint32_t *"), ffi.new("uint32_t *")
    out = ffi.new("a8_unsupported_t *")
    found = []
    while lib.a8_next_unsupported(model._view, subgraph, node, out):
        name = _native.compose(lib.a8_unsupported_name, out)
        sentence = _native.compose(lib.a8_reason_text, out)
        found.append(
            {
                "node": out.node,
                "subgraph": out.subgraph,
                "op": _native.text(out.custom) or _native.op_name(out.op),
                "dtype": _native.dtype_name(out.dtype),
                "reason": REASONS[out.reason],
                "text": f"node {out.node} {name}: {sentence}",
            }
        )
    return found


def operator_rows(source: Any) -> list[tuple[str, str]]:
    """(operator, family) of the rows that run the model's nodes, each once; ValueError if there is none."""
    model = as_model(source)
    missing = unsupported(model)
    if missing:
        raise ValueError(f"{model.name}: " + "; ".join(item["text"] for item in missing))
    return list(dict.fromkeys((node["op"], node["family"]) for node in _nodes(model)))


def describe(source: Any) -> dict[str, Any]:
    """Everything there is to say about a model, in values that JSON takes.

    arena_bytes is that of the most demanding target, arena_bytes_by_target has each; they are None if the
    model can't run, and then error says why. params counts the elements of weights and biases.
    operators has the nodes of every subgraph in turn; macs counts each node once, however often it runs.
    """
    model = as_model(source)
    operators = _nodes(model)
    weights = [tensor for node in operators for tensor in _weights(node["op"], node["inputs"])]

    def ends(count: Any, get: Any) -> list[TensorFacts]:
        return [tensor_facts(model, 0, get(model._view, 0, i)) for i in range(count(model._view, 0))]

    arenas: dict[str, int | None] = dict.fromkeys(_native.TARGETS)
    error = None
    try:
        for name, target in _native.TARGETS.items():
            arenas[name] = size_on(model, target)
    except ValueError as reason:
        error = str(reason)
    known = [size for size in arenas.values() if size is not None]
    return {
        "name": model.name,
        "nbytes": model.nbytes,
        "crc32": model.crc32,
        "labels": list(model.labels),
        "inputs": ends(lib.a8_model_inputs, lib.a8_model_input),
        "outputs": ends(lib.a8_model_outputs, lib.a8_model_output),
        "operators": operators,
        "macs": sum(node["macs"] for node in operators),
        "params": _params(weights),
        "unsupported": unsupported(model),
        "error": error,
        "arena_bytes": max(known) if error is None else None,
        "arena_bytes_by_target": arenas if error is None else dict.fromkeys(arenas),
    }
