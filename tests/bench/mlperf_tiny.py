#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The five architectures of MLPerf Tiny, and person_detect's, with random weights.

    python tests/bench/mlperf_tiny.py FOLDER

Shapes, strides, activations and quantization parameters' kinds are those of the benchmark's int8 models, and
with them MACs and what an invoke costs; the answers mean nothing. Same bytes on every run.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kernels"))
from model_builder import ModelBuilder


class Net:
    """A chain of layers, each after the last. A layer's scales keep its answers from saturating."""

    SCALE = 0.05

    def __init__(self, seed: int, shape: tuple[int, ...], zero_point: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.m = ModelBuilder("random weights")
        self.shape = shape
        self.zero_point = {}
        self.at = self.input = self.tensor(shape, zero_point)

    def tensor(self, shape: tuple[int, ...], zero_point: int, scale: float = SCALE) -> int:
        index = self.m.tensor(shape, "int8", scale=scale, zero_point=zero_point)
        self.zero_point[index] = zero_point
        return index

    def weights(
        self, shape: tuple[int, ...], fan_in: int, axis: int | None, channels: int
    ) -> tuple[int, int]:
        """Weights and bias, with a scale a channel of dimension `axis`, or with one for all."""
        scale = 1.41 / 73 / np.sqrt(fan_in) * self.rng.uniform(0.7, 1.3, channels if axis is not None else 1)
        values = self.rng.integers(-127, 128, shape, np.int8)
        bias = self.rng.integers(-2000, 2000, channels, np.int32)
        of_axis = {} if axis is None else {"axis": axis}
        w = self.m.constant(values, scale=scale, **of_axis)
        b = self.m.constant(bias, scale=self.SCALE * scale, **({} if axis is None else {"axis": 0}))
        return w, b

    def after(self, op: str, shape: tuple[int, ...], inputs: list[int], zero_point: int, **options) -> int:
        out = self.tensor(shape, zero_point)
        self.m.node(op, inputs, [out], **options)
        self.at, self.shape = out, shape
        return out

    def conv(self, channels: int, size=(3, 3), stride=1, relu=True, source: int | None = None) -> int:
        _, height, width, depth = self.shape
        shape = (1, -(-height // stride), -(-width // stride), channels)
        w, b = self.weights((channels, *size, depth), size[0] * size[1] * depth, 0, channels)
        return self.after(
            "CONV_2D", shape, [self.at if source is None else source, w, b], -128 if relu else 4,
            padding="SAME", stride_w=stride, stride_h=stride, activation="RELU" if relu else "NONE",
            dilation_w_factor=1, dilation_h_factor=1,
        )  # fmt: skip

    def depthwise(self, stride: int = 1, multiplier: int = 1) -> int:
        _, height, width, depth = self.shape
        shape = (1, -(-height // stride), -(-width // stride), depth * multiplier)
        w, b = self.weights((1, 3, 3, shape[3]), 9, 3, shape[3])
        return self.after(
            "DEPTHWISE_CONV_2D", shape, [self.at, w, b], -128, padding="SAME", stride_w=stride,
            stride_h=stride, depth_multiplier=multiplier, activation="RELU", dilation_w_factor=1,
            dilation_h_factor=1,
        )  # fmt: skip

    def depthwise_in_time(self, size: int) -> int:
        """Over (time, 1, features), without padding, linear."""
        _, height, _, depth = self.shape
        w, b = self.weights((1, size, 1, depth), size, 3, depth)
        return self.after(
            "DEPTHWISE_CONV_2D", (1, height - size + 1, 1, depth), [self.at, w, b], 3, padding="VALID",
            stride_w=1, stride_h=1, depth_multiplier=1, activation="NONE", dilation_w_factor=1,
            dilation_h_factor=1,
        )  # fmt: skip

    def add(self, a: int, b: int) -> int:
        return self.after("ADD", self.shape, [a, b], -128, activation="RELU")

    def average(self) -> None:
        """Over the whole picture."""
        _, height, width, depth = self.shape
        self.after(
            "AVERAGE_POOL_2D", (1, 1, 1, depth), [self.at], self.zero_point[self.at], padding="VALID",
            stride_w=width, stride_h=height, filter_width=width, filter_height=height, activation="NONE",
        )  # fmt: skip

    def flat(self) -> None:
        to = self.m.constant(np.array([-1, self.shape[3]], np.int32))
        self.after("RESHAPE", (1, self.shape[3]), [self.at, to], self.zero_point[self.at])

    def dense(self, channels: int, relu: bool = False) -> None:
        fan_in = self.shape[-1]
        w, b = self.weights((channels, fan_in), fan_in, None, channels)
        self.after(
            "FULLY_CONNECTED", (1, channels), [self.at, w, b], -128 if relu else 14,
            activation="RELU" if relu else "NONE",
        )  # fmt: skip

    def softmax(self) -> None:
        out = self.tensor(self.shape, -128, 1 / 256)
        self.m.node("SOFTMAX", [self.at], [out], beta=1.0)
        self.at = out

    def build(self) -> bytes:
        return self.m.build(inputs=[self.input], outputs=[self.at])


def kws() -> bytes:
    """Keyword spotting: DS-CNN on 49 x 10 features."""
    net = Net(1, (1, 49, 10, 1), 83)
    net.conv(64, (10, 4), 2)
    for _ in range(4):
        net.depthwise()
        net.conv(64, (1, 1))
    net.average()
    net.flat()
    net.dense(12)
    net.softmax()
    return net.build()


def mobilenet(net: Net) -> None:
    """The blocks of MobileNetV1 0.25 behind its first layer."""
    for channels, stride in (
        *((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)),
        *[(128, 1)] * 5,
        *((256, 2), (256, 1)),
    ):
        net.depthwise(stride)
        net.conv(channels, (1, 1))
    net.average()


def vww() -> bytes:
    """Visual wake words: MobileNetV1 0.25 on 96 x 96 x 3."""
    net = Net(2, (1, 96, 96, 3), -128)
    net.conv(8, stride=2)
    mobilenet(net)
    net.flat()
    net.dense(2)
    net.softmax()
    return net.build()


def person_detect() -> bytes:
    """TFLite Micro's example: MobileNetV1 0.25 on 96 x 96 grey pixels, the last layer a convolution."""
    net = Net(12, (1, 96, 96, 1), -1)
    net.depthwise(2, multiplier=8)
    mobilenet(net)
    net.conv(2, (1, 1), relu=False)
    net.flat()
    net.softmax()
    return net.build()


def str_ww() -> bytes:
    """Streaming wake word: separable convolutions over 30 frames of 40 features."""
    net = Net(6, (1, 30, 1, 40), -128)
    for size, channels in ((3, 128), (5, 128), (10, 128), (15, 32)):
        net.depthwise_in_time(size)
        net.conv(channels, (1, 1))
    net.flat()
    net.dense(3)
    net.softmax()
    return net.build()


def resnet8() -> bytes:
    """Image classification: ResNet8 on 32 x 32 x 3."""
    net = Net(3, (1, 32, 32, 3), -128)
    source = net.conv(16)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        shape = net.shape
        net.conv(channels, stride=stride)
        main = net.conv(channels, relu=False)
        if stride > 1:
            net.shape = shape
            source = net.conv(channels, (1, 1), stride, relu=False, source=source)
        source = net.add(source, main)
    net.average()
    net.flat()
    net.dense(10)
    net.softmax()
    return net.build()


def ad01() -> bytes:
    """Anomaly detection: an autoencoder of dense layers on 640 features."""
    net = Net(4, (1, 640), 89)
    for channels in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        net.dense(channels, relu=True)
    net.dense(640)
    return net.build()


MODELS = {
    "mlperf_kws": kws,
    "mlperf_vww": vww,
    "mlperf_resnet8": resnet8,
    "mlperf_ad01": ad01,
    "mlperf_str_ww": str_ww,
    "person_detect": person_detect,
}


def write(folder: Path) -> list[Path]:
    """Writes the files, each only if it isn't there with these bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, make in MODELS.items():
        path, data = folder / f"{name}.tflite", make()
        if not path.is_file() or path.read_bytes() != data:
            path.write_bytes(data)
        paths.append(path)
    return paths


if __name__ == "__main__":
    for written in write(Path(sys.argv[1] if len(sys.argv) > 1 else ".")):
        print(written)
