# SPDX-License-Identifier: MIT
"""Where the planner puts tensors, over time."""

from __future__ import annotations

from typing import Any

from . import _native
from ._native import lib
from .model import as_model, size_on
from .view import tensor_facts


def plan(source: Any, target: str | None = None) -> dict[str, Any]:
    """The arena over time: where the planner put every tensor, on the most demanding target or the named one.

    records come first in the arena (what load derives from the model), then the tensors: offset counts from
    their start. Time 0 is before the first node, node i runs at time i + 1, and what is needed behind the
    last node lives until `ends` of its subgraph. ValueError if the model can't run.
    """
    model = as_model(source)
    if target is None:
        sizes = {name: size_on(model, number) for name, number in _native.TARGETS.items()}
        target = max(sizes, key=lambda name: sizes[name])
    told: list[tuple[int, ...]] = []
    size = _native.measure(model._view, _native.target_number(target), told)
    ends = [lib.a8_model_nodes(model._view, subgraph) + 1 for subgraph in range(model._view.n_subgraphs)]
    inputs = {lib.a8_model_input(model._view, 0, i) for i in range(lib.a8_model_inputs(model._view, 0))}
    outputs = {lib.a8_model_output(model._view, 0, i) for i in range(lib.a8_model_outputs(model._view, 0))}
    places = []
    for subgraph, tensor, count, offset, first, last in told:
        facts = tensor_facts(model, subgraph, tensor) if tensor >= 0 else None
        stays = last > ends[subgraph]
        if facts is None:
            kind = "variable" if stays else "scratch"
        elif facts["variable"]:
            kind = "variable"
        elif subgraph == 0 and (tensor in inputs or tensor in outputs):
            kind = "input" if tensor in inputs else "output"
        else:
            kind = "tensor"
        places.append(
            {
                "subgraph": subgraph,
                "tensor": tensor if facts else None,
                "name": facts["name"] if facts else kind,
                "kind": kind,
                "bytes": count,
                "offset": offset,
                "first": first,
                "last": min(last, ends[subgraph]),
            }
        )
    return {
        "target": target,
        "records": size.records,
        "tensors": size.arena,
        "ends": ends,
        "places": places,
    }
