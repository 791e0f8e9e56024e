# SPDX-License-Identifier: MIT
"""Builds .tflite files from Python, without TensorFlow.

    m = ModelBuilder()
    x = m.tensor((1, 8, 8, 1), "int8", scale=0.1, zero_point=3)
    w = m.constant(weights, scale=scales, axis=0)          # per channel: a list of scales
    y = m.tensor((1, 8, 8, 4), "int8", scale=0.2)
    m.node("CONV_2D", [x, w, None], [y], padding="SAME", stride_w=1, stride_h=1)
    model = m.build(inputs=[x], outputs=[y])               # bytes

A tensor is the int index in its subgraph. Nothing is checked on purpose: the tests of malformed models are
built with it too. What is given is written, what isn't is left out of the file, so that readers' defaults are
met as well. Tables are written by the numbers of their fields in the schema.
"""

from dataclasses import dataclass, field

import flatbuffers
import numpy as np

DTYPES = {
    "float32": 0,
    "float16": 1,
    "int32": 2,
    "uint8": 3,
    "int64": 4,
    "string": 5,
    "bool": 6,
    "int16": 7,
    "complex64": 8,
    "int8": 9,
    "float64": 10,
    "complex128": 11,
    "uint64": 12,
    "resource": 13,
    "variant": 14,
    "uint32": 15,
    "uint16": 16,
    "int4": 17,
}

# Builtin operators by name, in the order of their codes.
_OPERATOR_NAMES = """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP
    FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC
    LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX
    SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD
    UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE
    UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX
    DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER
    GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL
    NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT
    LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE
    RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2
    ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND
    HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY
    SEGMENT_SUM BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D
    IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL
    CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL
    BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD
    UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR
    RIGHT_SHIFT
"""
OPERATORS = {name: code for code, name in enumerate(_OPERATOR_NAMES.split())}
CUSTOM = OPERATORS["CUSTOM"]

PADDINGS = {"SAME": 0, "VALID": 1}
ACTIVATIONS = {"NONE": 0, "RELU": 1, "RELU_N1_TO_1": 2, "RELU6": 3, "TANH": 4, "SIGN_BIT": 5}

# Options table of each operator: its number in the union BuiltinOptions, then its fields in the order of
# their numbers in the schema. Kinds: b byte or bool, p padding, a activation, d dtype, i int32, u uint32,
# q int64, f float32, I vector of int32, F vector of float32, s string, - no longer used.
_OPTIONS = {
    "ADD": (11, "activation:a pot_scale_int16:b"),
    "ARG_MAX": (40, "output_type:d"),
    "ARG_MIN": (57, "output_type:d"),
    "ASSIGN_VARIABLE": (113, ""),
    "AVERAGE_POOL_2D": (5, "padding:p stride_w:i stride_h:i filter_width:i filter_height:i activation:a"),
    "BATCH_MATMUL": (101, "adj_x:b adj_y:b asymmetric_quantize_inputs:b"),
    "BATCH_TO_SPACE_ND": (24, ""),
    "BUCKETIZE": (115, "boundaries:F"),
    "CALL_ONCE": (103, "init_subgraph_index:i"),
    "CAST": (37, "in_data_type:d out_data_type:d"),
    "CONCATENATION": (10, "axis:i activation:a"),
    "CONV_2D": (
        1,
        "padding:p stride_w:i stride_h:i activation:a dilation_w_factor:i dilation_h_factor:i "
        "quantized_bias_type:d",
    ),
    "CUMSUM": (102, "exclusive:b reverse:b"),
    "DEPTHWISE_CONV_2D": (
        2,
        "padding:p stride_w:i stride_h:i depth_multiplier:i activation:a dilation_w_factor:i "
        "dilation_h_factor:i",
    ),
    "DEPTH_TO_SPACE": (94, "block_size:i"),
    "DEQUANTIZE": (38, ""),
    "DIV": (29, "activation:a"),
    "EXPAND_DIMS": (52, ""),
    "FULLY_CONNECTED": (
        8,
        "activation:a weights_format:b keep_num_dims:b asymmetric_quantize_inputs:b quantized_bias_type:d",
    ),
    "GATHER": (23, "axis:i batch_dims:i"),
    "GATHER_ND": (83, ""),
    "GELU": (116, "approximate:b"),
    "HARD_SWISH": (91, ""),
    "IF": (92, "then_subgraph_index:i else_subgraph_index:i"),
    "L2_NORMALIZATION": (12, "activation:a"),
    "L2_POOL_2D": (5, "padding:p stride_w:i stride_h:i filter_width:i filter_height:i activation:a"),
    "LEAKY_RELU": (75, "alpha:f"),
    "LOG_SOFTMAX": (36, ""),
    "MAX_POOL_2D": (5, "padding:p stride_w:i stride_h:i filter_width:i filter_height:i activation:a"),
    "MAXIMUM": (39, ""),
    "MEAN": (27, "keep_dims:b"),
    "MINIMUM": (39, ""),
    "MIRROR_PAD": (77, "mode:b"),
    "MUL": (21, "activation:a"),
    "PACK": (59, "values_count:i axis:i"),
    "PAD": (22, ""),
    "PADV2": (43, ""),
    "QUANTIZE": (89, ""),
    "READ_VARIABLE": (112, ""),
    "REDUCE_ALL": (27, "keep_dims:b"),
    "REDUCE_ANY": (27, "keep_dims:b"),
    "REDUCE_MAX": (27, "keep_dims:b"),
    "REDUCE_MIN": (27, "keep_dims:b"),
    "RESHAPE": (17, "new_shape:I"),
    "RESIZE_BILINEAR": (15, "-:i -:i align_corners:b half_pixel_centers:b"),
    "RESIZE_NEAREST_NEIGHBOR": (74, "align_corners:b half_pixel_centers:b"),
    "REVERSE_V2": (81, ""),
    "SHAPE": (55, "out_type:d"),
    "SLICE": (48, ""),
    "SOFTMAX": (9, "beta:f"),
    "SPACE_TO_BATCH_ND": (25, ""),
    "SPACE_TO_DEPTH": (19, "block_size:i"),
    "SPLIT": (35, "num_splits:i"),
    "SPLIT_V": (79, "num_splits:i"),
    "SQUEEZE": (30, "squeeze_dims:I"),
    "STRIDED_SLICE": (
        32,
        "begin_mask:i end_mask:i ellipsis_mask:i new_axis_mask:i shrink_axis_mask:i offset:b",
    ),
    "SUB": (28, "activation:a pot_scale_int16:b"),
    "SUM": (27, "keep_dims:b"),
    "SVDF": (6, "rank:i activation:a asymmetric_quantize_inputs:b"),
    "TRANSPOSE": (26, ""),
    "TRANSPOSE_CONV": (49, "padding:p stride_w:i stride_h:i activation:a quantized_bias_type:d"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (
        71,
        "activation:a cell_clip:f proj_clip:f time_major:b asymmetric_quantize_inputs:b "
        "diagonal_recurrent_tensors:b",
    ),
    "UNPACK": (64, "num:i axis:i"),
    "VAR_HANDLE": (111, "container:s shared_name:s"),
    "WHILE": (93, "cond_subgraph_index:i body_subgraph_index:i"),
}
OPTIONS = {
    op: (union, [tuple(f.split(":")) for f in fields.split()]) for op, (union, fields) in _OPTIONS.items()
}

# Bytes in front of every buffer's data are such that the data starts at a multiple of this.
BUFFER_ALIGN = 16


def pack_int4(values):
    """Two values a byte, the first in the low half, as TensorType INT4 has them."""
    nibbles = np.asarray(values, np.int8).reshape(-1).astype(np.uint8) & 0xF
    if len(nibbles) % 2:
        nibbles = np.append(nibbles, np.uint8(0))
    return (nibbles[0::2] | nibbles[1::2] << 4).tobytes()


@dataclass
class _Tensor:
    shape: tuple | None
    dtype: int
    buffer: int
    name: str | None
    scale: list | None
    zero_point: list | None
    axis: int | None
    is_variable: bool


@dataclass
class _Node:
    op: int
    custom_code: str | None
    version: int
    inputs: list
    outputs: list
    union: int
    fields: list  # (number of the field, kind, value)
    custom_options: bytes | None
    intermediates: list | None


@dataclass
class Subgraph:
    """One subgraph. Get it from ModelBuilder.subgraph()."""

    model: "ModelBuilder"
    name: str
    tensors: list = field(default_factory=list)
    nodes: list = field(default_factory=list)
    inputs: list = field(default_factory=list)
    outputs: list = field(default_factory=list)

    def tensor(
        self,
        shape,
        dtype="int8",
        *,
        scale=None,
        zero_point=None,
        axis=None,
        data=None,
        name=None,
        variable=False,
        buffer=None,
    ):
        """Adds a tensor and returns its index.

        scale and zero_point: a number, or a sequence with one value a channel of dimension `axis`; without
        scale there is no quantization. zero_point None is 0 for every scale; () leaves the vector out.
        data: bytes, or an array of any type whose values are stored as dtype (int4: packed). buffer: the
        number of an existing buffer instead of data. shape None: no shape at all.
        """
        code = DTYPES[dtype] if isinstance(dtype, str) else int(dtype)
        if data is not None:
            if not isinstance(data, (bytes, bytearray, memoryview)):
                if code == DTYPES["int4"]:
                    data = pack_int4(data)
                else:
                    data = np.asarray(data).astype(np.dtype(dtype).newbyteorder("<")).tobytes()
            buffer = self.model.buffer(bytes(data))
        if scale is not None:
            scale = [float(s) for s in np.ravel(scale)]
            zero_point = [0] * len(scale) if zero_point is None else [int(z) for z in np.ravel(zero_point)]
        self.tensors.append(
            _Tensor(
                None if shape is None else tuple(int(d) for d in shape),
                code,
                buffer or 0,
                f"t{len(self.tensors)}" if name is None else name,
                scale,
                zero_point,
                axis,
                variable,
            )
        )
        return len(self.tensors) - 1

    def constant(self, values, dtype=None, **kwargs):
        """Adds a constant tensor with the shape of values and, unless given, their dtype."""
        values = np.asarray(values)
        return self.tensor(
            kwargs.pop("shape", values.shape), dtype or values.dtype.name, data=values, **kwargs
        )

    def node(
        self,
        op,
        inputs,
        outputs,
        *,
        custom_code=None,
        custom_options=None,
        version=1,
        intermediates=None,
        options=True,
        **fields,
    ):
        """Adds a node. op is a name or a builtin code; None among the inputs stands for one left out.

        Fields of the options table go by name (OPTIONS lists them; enums also by their names in capitals).
        options False: no options table, though the operator has one. options (number in the union,
        [(field's number, kind, value), ...]) writes any table. custom_code makes it a custom operator of
        that name.
        """
        name = op if isinstance(op, str) else None
        code = CUSTOM if custom_code is not None else OPERATORS[op] if name else int(op)
        union, table = 0, []
        if isinstance(options, tuple):
            union, table = options
        elif options and name in OPTIONS:
            union, known = OPTIONS[name]
            numbers = {f: (number, kind) for number, (f, kind) in enumerate(known)}
            for key, value in fields.items():
                if key not in numbers:
                    raise TypeError(f"{name} has no option {key!r}, only: {', '.join(numbers) or 'none'}")
                table.append((*numbers[key], value))
        elif fields:
            raise TypeError(f"{op} takes no options here, given: {', '.join(fields)}")
        self.nodes.append(
            _Node(
                code,
                custom_code,
                version,
                [-1 if i is None else int(i) for i in inputs],
                [int(i) for i in outputs],
                union,
                table,
                custom_options,
                intermediates,
            )
        )
        return len(self.nodes) - 1


class ModelBuilder:
    """A model in the making. Its tensor, constant and node are those of subgraph 0."""

    def __init__(self, description="built by a test"):
        self.description = description
        self.buffers = [None]  # buffer 0 is the empty one, by the schema's convention
        self.metadata = []
        self.main = Subgraph(self, "main")
        self.subgraphs = [self.main]
        self.tensor = self.main.tensor
        self.constant = self.main.constant
        self.node = self.main.node

    def subgraph(self, name=""):
        """Adds a subgraph (its number is len(m.subgraphs) - 1). Set its inputs and outputs yourself."""
        self.subgraphs.append(Subgraph(self, name))
        return self.subgraphs[-1]

    def buffer(self, data):
        """Adds a buffer of bytes and returns its number."""
        self.buffers.append(data)
        return len(self.buffers) - 1

    def add_metadata(self, name, data):
        self.metadata.append((name, self.buffer(data)))

    def build(self, inputs=None, outputs=None):
        """Returns the .tflite file as bytes. inputs and outputs are those of subgraph 0."""
        if inputs is not None:
            self.main.inputs = list(inputs)
        if outputs is not None:
            self.main.outputs = list(outputs)
        w = _Writer()
        codes = []
        subgraphs = [w.subgraph(s, codes) for s in self.subgraphs]
        opcodes = [w.opcode(*code) for code in codes]
        buffers = [w.table((0, "o", None if data is None else w.data(data))) for data in self.buffers]
        metadata = [w.table((0, "o", w.string(name)), (1, "u", number)) for name, number in self.metadata]
        root = w.table(
            (0, "u", 3),
            (1, "o", w.offsets(opcodes)),
            (2, "o", w.offsets(subgraphs)),
            (3, "o", w.string(self.description)),
            (4, "o", w.offsets(buffers)),
            (6, "o", w.offsets(metadata) if metadata else None),
        )
        return w.finish(root)


class _Writer:
    """A flatbuffers Builder that writes tables by field numbers. Fields with value None are left out."""

    def __init__(self):
        self.b = flatbuffers.Builder(1024)

    def table(self, *fields):
        b = self.b
        slots = {
            "b": b.PrependInt8Slot,
            "B": b.PrependUint8Slot,
            "i": b.PrependInt32Slot,
            "u": b.PrependUint32Slot,
            "q": b.PrependInt64Slot,
            "f": b.PrependFloat32Slot,
            "o": b.PrependUOffsetTRelativeSlot,
        }
        b.StartObject(max((number for number, _, _ in fields), default=-1) + 1)
        for number, kind, value in fields:
            if value is not None:
                slots[kind](number, value, None)  # no default: what is given is written
        return b.EndObject()

    def string(self, text):
        return self.b.CreateString(text)

    def vector(self, values, dtype):
        return self.b.CreateNumpyVector(np.asarray(values, dtype))

    def offsets(self, offsets):
        self.b.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.b.PrependUOffsetTRelative(offset)
        return self.b.EndVector()

    def data(self, data):
        b = self.b
        b.StartVector(1, len(data), BUFFER_ALIGN)
        b.head -= len(data)
        b.Bytes[b.head : b.head + len(data)] = data
        return b.EndVector()

    def opcode(self, code, custom_code, version):
        name = None if custom_code is None else self.string(custom_code)
        return self.table((0, "b", min(code, 127)), (1, "o", name), (2, "i", version), (3, "i", code))

    def tensor(self, t):
        shape = None if t.shape is None else self.vector(t.shape, np.int32)
        name = self.string(t.name)
        quantization = None
        if t.scale is not None:
            scale = self.vector(t.scale, np.float32)
            zero_point = self.vector(t.zero_point, np.int64) if t.zero_point else None
            quantization = self.table((2, "o", scale), (3, "o", zero_point), (6, "i", t.axis))
        return self.table(
            (0, "o", shape),
            (1, "b", t.dtype),
            (2, "u", t.buffer),
            (3, "o", name),
            (4, "o", quantization),
            (5, "b", 1 if t.is_variable else None),
        )

    def options(self, fields):
        enums = {"p": PADDINGS, "a": ACTIVATIONS, "d": DTYPES}
        written = []
        for number, kind, value in fields:
            if kind in enums:
                kind, value = "b", enums[kind].get(value, value) if isinstance(value, str) else value
            elif kind == "I":
                kind, value = "o", self.vector(value, np.int32)
            elif kind == "F":
                kind, value = "o", self.vector(value, np.float32)
            elif kind == "s":
                kind, value = "o", self.string(value)
            written.append((number, kind, value))
        return self.table(*written)

    def node(self, n, codes):
        code = (n.op, n.custom_code, n.version)
        if code not in codes:
            codes.append(code)
        inputs = self.vector(n.inputs, np.int32)
        outputs = self.vector(n.outputs, np.int32)
        intermediates = None if n.intermediates is None else self.vector(n.intermediates, np.int32)
        custom_options = None if n.custom_options is None else self.data(n.custom_options)
        options = self.options(n.fields) if n.union else None
        return self.table(
            (0, "u", codes.index(code)),
            (1, "o", inputs),
            (2, "o", outputs),
            (3, "B", n.union or None),
            (4, "o", options),
            (5, "o", custom_options),
            (8, "o", intermediates),
        )

    def subgraph(self, s, codes):
        tensors = self.offsets([self.tensor(t) for t in s.tensors])
        nodes = self.offsets([self.node(n, codes) for n in s.nodes])
        inputs = self.vector(s.inputs, np.int32)
        outputs = self.vector(s.outputs, np.int32)
        name = self.string(s.name)
        return self.table(
            (0, "o", tensors), (1, "o", inputs), (2, "o", outputs), (3, "o", nodes), (4, "o", name)
        )

    def finish(self, root):
        self.b.Finish(root, file_identifier=b"TFL3")
        return bytes(self.b.Output())
