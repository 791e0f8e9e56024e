# SPDX-License-Identifier: MIT
"""What the training scripts of this folder share: conversion, labels, measuring, model cards.

TensorFlow is imported only where a model is trained or converted. Everything that measures a committed
file runs on tflite_micro, the reference that arena8 is bit-exact with, and on the schema it ships.
"""

import argparse
import hashlib
import importlib.metadata
import io
import json
import os
import sys
import wave
import zipfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent

# The models stand for what every arena8 firmware can run, so they keep to its first operators.
OPERATORS = {
    "ADD",
    "AVERAGE_POOL_2D",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "MAX_POOL_2D",
    "MEAN",
    "PAD",
    "RESHAPE",
    "SOFTMAX",
}
ARENA_LIMIT = 64 * 1024


def tensorflow(seed):
    """Import TensorFlow such that the same seed on the same machine gives the same weights."""
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # oneDNN picks its kernels, and with them the order of additions, by CPU model.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    return tf


def convert(tf, model, name, shape, representative):
    """Full-integer int8 flatbuffer of a Keras model; `name` becomes the input tensor's name."""

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name=name)])
    def serve(x):
        return model(x, training=False)

    # Constants instead of variables: the model has no state, and the calibrator cannot run variables.
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(serve.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x.reshape(shape)] for x in representative)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    # The TFLite quantization specification has dense weights per tensor. Newer converters deviate.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter.convert()


def with_labels(flatbuffer, labels, meaning=None):
    """Append labels.txt as TFLite metadata packs associated files: a stored zip behind the flatbuffer.
    meaning: what arena8.json there says of the input."""
    files = {"labels.txt": "".join(f"{label}\n" for label in labels)}
    if meaning is not None:
        files["arena8.json"] = json.dumps(meaning)
    out = io.BytesIO(flatbuffer)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_STORED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text)
    return out.getvalue()


def labels_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("labels.txt").decode().splitlines()


def quantize(x, scale, zero_point):
    """float32, half away from zero, saturating: the rule of Tensor.quantize()."""
    scaled = np.asarray(x, np.float32) / np.float32(scale)
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
    return np.clip(rounded + zero_point, -128, 127).astype(np.int8)


def describe(data):
    """Facts read off the flatbuffer: operators, multiply-accumulates, parameters, inputs and outputs."""
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

    operator_names = {v: k for k, v in vars(schema.BuiltinOperator).items() if not k.startswith("_")}
    type_names = {v: k.lower() for k, v in vars(schema.TensorType).items() if not k.startswith("_")}
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    if len(model.subgraphs) != 1:
        raise SystemExit(f"the model has {len(model.subgraphs)} subgraphs, 1 is wanted")
    graph = model.subgraphs[0]

    def elements(index):
        return int(np.prod(graph.tensors[index].shape))

    def facts(index):
        t = graph.tensors[index]
        if len(t.quantization.scale) != 1:
            raise SystemExit(f"tensor {index} has {len(t.quantization.scale)} scales, 1 is wanted")
        return {
            "name": t.name.decode(),
            "shape": [int(n) for n in t.shape],
            "dtype": type_names[t.type],
            "scale": float(t.quantization.scale[0]),
            "zero_point": int(t.quantization.zeroPoint[0]),
        }

    operators, macs, params = [], 0, set()
    for op in graph.operators:
        code = model.operatorCodes[op.opcodeIndex]
        name = operator_names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        operators.append(name)
        if name in ("CONV_2D", "FULLY_CONNECTED"):
            # Each output element takes one pass over its channel's weights; padding counts as zeros.
            channels = graph.tensors[op.inputs[1]].shape[0]
            macs += elements(op.outputs[0]) * elements(op.inputs[1]) // int(channels)
        elif name == "DEPTHWISE_CONV_2D":
            height, width = graph.tensors[op.inputs[1]].shape[1:3]
            macs += elements(op.outputs[0]) * int(height) * int(width)
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            params.update(int(i) for i in op.inputs[1:] if i >= 0)
    foreign = sorted(set(operators) - OPERATORS)
    if foreign:
        raise SystemExit(f"the model uses {', '.join(foreign)}, which these models do without")
    return {
        "operators": operators,
        "macs": macs,
        "params": sum(elements(i) for i in params),
        "inputs": [facts(i) for i in graph.inputs],
        "outputs": [facts(i) for i in graph.outputs],
    }


def reference(data, x):
    """int8 outputs of the reference kernels for real-valued inputs x, one row each."""
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(data, arena_size=ARENA_LIMIT)
    given = interpreter.get_input_details(0)
    scale = given["quantization_parameters"]["scales"][0]
    zero_point = given["quantization_parameters"]["zero_points"][0]
    rows = []
    for row in x:
        interpreter.set_input(quantize(row, scale, zero_point).reshape(given["shape"]), 0)
        interpreter.invoke()
        rows.append(interpreter.get_output(0).reshape(-1).copy())
    return np.stack(rows)


def score(outputs, y):
    """Correct answers by argmax; of equal values the first counts, as Tensor.argmax() has it."""
    correct = int((np.argmax(outputs, axis=1) == y).sum())
    return {"correct": correct, "total": len(y), "accuracy": round(correct / len(y), 4)}


def measure(data, x_test, y_test):
    """The part of a card that can be told from the file and the test set alone."""
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "labels": labels_of(data),
        **describe(data),
        "test_int8": score(reference(data, x_test), y_test),
    }


def versions(*packages):
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    found.update((package, importlib.metadata.version(package)) for package in packages)
    return found


def write(path, data):
    path = HERE / path
    path.write_bytes(data)
    print(f"wrote {path.name}, {len(data)} bytes")


def write_sound(name, rate, samples):
    """A recording for the examples: int16 samples, one channel, behind a header of 44 bytes."""
    path = HERE.parents[1] / "examples" / name
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", "not compressed"))
        file.writeframes(samples.astype("<i2").tobytes())
    print(f"wrote {path.name}, {path.stat().st_size} bytes")


def write_card(name, card):
    write(f"{name}.json", (json.dumps(card, indent=2) + "\n").encode())


def check(name, x_test, y_test):
    """Measure the committed file again. True if it is what its card says."""
    card = json.loads((HERE / f"{name}.json").read_text())
    measured = measure((HERE / f"{name}.tflite").read_bytes(), x_test, y_test)
    same = True
    for key, value in measured.items():
        if card.get(key) != value:
            print(f"{name}: {key}: the card says {card.get(key)}, measured {value}", file=sys.stderr)
            same = False
    result = measured["test_int8"]
    verdict = "as its card says" if same else "NOT as its card says"
    print(f"{name}: int8 {result['correct']}/{result['total']} correct, {verdict}")
    return same


def arguments(doc):
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--check",
        action="store_true",
        help="measure the committed file again, without TensorFlow; exit 1 if its card differs",
    )
    mode.add_argument(
        "--validate",
        action="store_true",
        help="train and measure inside the training set alone, write nothing",
    )
    return parser.parse_args()
