# SPDX-License-Identifier: MIT
"""What to change in the converter so that a model runs, or runs as int8."""

from __future__ import annotations

from typing import Any

Facts = dict[str, Any]

MENDS = {
    "hybrid": "convert with int8 activations too",
    "no_such_dtype": "convert with full integer quantization",
    "no_such_operator": "put layers in its place that become other operators",
    "not_in_this_build": "choose a firmware with it",
    "dtype_not_in_this_build": "choose a firmware with it",
}


def kind(about: Facts) -> str:
    """What a model computes in: hybrid, float32, int16, int4, audio or int8."""
    if any(item["reason"] == "hybrid" for item in about["unsupported"]):
        return "hybrid"
    families = {node["family"] for node in about["operators"] if not _is_edge(node)}
    heavy = {_weighted(node) for node in about["operators"]}
    if "float32" in heavy or heavy == {None} and "FLOAT32" in families:
        return "float32"
    for family, name in (("INT16", "int16"), ("INT4", "int4")):
        if family in families and any(node["macs"] for node in about["operators"]):
            return name
    if any(node["op"].startswith("Signal") for node in about["operators"]):
        return "audio"
    return "int8"


def _is_edge(node: Facts) -> bool:
    return node["op"] in ("QUANTIZE", "DEQUANTIZE", "CAST")


def _weighted(node: Facts) -> str | None:
    """The type of what a node multiplies with its weights."""
    if not node["macs"] or not node["inputs"]:
        return None
    return node["inputs"][2 if node["op"] == "TRANSPOSE_CONV" and len(node["inputs"]) > 2 else 0]["dtype"]


def obstacles(about: Facts) -> list[Facts]:
    """Everything in the model that keeps it from running: nodes by kind, each with how to mend it."""
    found: dict[tuple, Facts] = {}
    for item in about["unsupported"]:
        sentence = item["text"].split(": ", 1)[-1]
        entry = found.setdefault(
            (item["op"], item["dtype"], item["reason"]),
            {
                "op": item["op"],
                "dtype": item["dtype"],
                "reason": item["reason"],
                "text": sentence,
                "mend": _mend(item),
                "nodes": [],
            },
        )
        entry["nodes"].append({"subgraph": item["subgraph"], "node": item["node"]})
    entries = list(found.values())
    if not entries and about["error"]:
        entries.append(
            {"op": None, "dtype": None, "reason": "model", "text": about["error"], "mend": None, "nodes": []}
        )
    return entries


def _mend(item: Facts) -> str:
    if item["op"].startswith("Flex"):
        return (
            "leave tf.lite.OpsSet.SELECT_TF_OPS out of converter.target_spec.supported_ops; what TFLite has "
            "no operator for must then be another layer"
        )
    if item["op"] == "TFLite_Detection_PostProcess":
        return "export without the post-processing, and do it in Python"
    if item["dtype"] == "float16":
        return "leave tf.float16 out of converter.target_spec.supported_types, or quantize to int8"
    if item["dtype"] in ("float64", "complex64", "string"):
        return f"keep {item['dtype']} out of the model: prepare the data before it"
    return MENDS[item["reason"]]


REASONS = {
    "hybrid": "Only its weights are integers (dynamic-range quantization); it computes in float32.",
    "float32": "It computes in float32: four times the bytes, and slow without a floating-point unit.",
    "dtype": "It has element types that no firmware takes.",
}


def converter(about: Facts, what: str) -> Facts | None:
    """For a model that isn't int8 and could be: why, and the lines that its converter needs."""
    if what not in ("hybrid", "float32"):
        if not any(item["reason"] == "no_such_dtype" for item in about["unsupported"]):
            return None
        what = "dtype"
    shapes = ["x".join(map(str, t["shape"])) or "scalar" for t in about["inputs"]]
    takes = f"float32 {shapes[0]}" if len(shapes) == 1 else f"float32 arrays, {', '.join(shapes)}"
    yields = "[sample.astype('float32')]" if len(shapes) == 1 else "[x.astype('float32') for x in sample]"
    return {
        "reason": REASONS[what],
        "lines": [
            "def representative_dataset():  # some hundred real inputs, prepared as for training",
            f"    for sample in samples:  # each {takes}",
            f"        yield {yields}",
            "",
            "converter = tf.lite.TFLiteConverter.from_keras_model(model)",
            "converter.optimizations = [tf.lite.Optimize.DEFAULT]",
            "converter.representative_dataset = representative_dataset",
            "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]",
            "converter.inference_input_type = tf.int8",
            "converter.inference_output_type = tf.int8",
        ],
    }
