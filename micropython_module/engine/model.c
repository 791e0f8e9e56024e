// SPDX-License-Identifier: MIT
//
// A .tflite file as tensors and nodes: all knowledge of the schema is here and,
// for the metadata's own schema, in labels.c.
#include "model.h"

#include <string.h>

// Fields of the schema's tables, by number.
enum {
    MODEL_VERSION = 0,
    MODEL_OPERATOR_CODES = 1,
    MODEL_SUBGRAPHS = 2,
    MODEL_BUFFERS = 4,
    MODEL_METADATA = 6,
    METADATA_NAME = 0,
    METADATA_BUFFER = 1,
    GRAPH_TENSORS = 0,
    GRAPH_INPUTS = 1,
    GRAPH_OUTPUTS = 2,
    GRAPH_OPERATORS = 3,
    TENSOR_SHAPE = 0,
    TENSOR_TYPE = 1,
    TENSOR_BUFFER = 2,
    TENSOR_NAME = 3,
    TENSOR_QUANTIZATION = 4,
    TENSOR_IS_VARIABLE = 5,
    TENSOR_SPARSITY = 6,
    QUANTIZATION_SCALE = 2,
    QUANTIZATION_ZERO_POINT = 3,
    QUANTIZATION_DETAILS_TYPE = 4,
    QUANTIZATION_DIMENSION = 6,
    BUFFER_DATA = 0,
    BUFFER_OFFSET = 1,
    BUFFER_SIZE = 2,
    CODE_DEPRECATED_BUILTIN = 0,
    CODE_CUSTOM = 1,
    CODE_VERSION = 2,
    CODE_BUILTIN = 3,
    OPERATOR_OPCODE = 0,
    OPERATOR_INPUTS = 1,
    OPERATOR_OUTPUTS = 2,
    OPERATOR_OPTIONS = 4,
    OPERATOR_CUSTOM_OPTIONS = 5,
    CALLEES_FIRST = 0, // of the options of IF, WHILE and CALL_ONCE
    VARIABLE_CONTAINER = 0,
    VARIABLE_SHARED_NAME = 1,
    CODE_IF = 118,
    CODE_WHILE = 119,
    CODE_CALL_ONCE = 129,
};

int a8_error(a8_error_t *err, int code, const char *message, int32_t needed, int32_t given) {
    if (err != NULL) {
        err->code = code;
        err->message = message;
        err->subgraph = A8_NONE;
        err->node = A8_NONE;
        err->op = A8_NONE;
        err->tensor = A8_NONE;
        err->needed = needed;
        err->given = given;
    }
    return code;
}

int a8_error_at(a8_error_t *err, int code, const char *message, uint32_t subgraph, int32_t node, int32_t tensor,
    int32_t needed, int32_t given) {
    a8_error(err, code, message, needed, given);
    if (err != NULL) {
        err->subgraph = (int32_t)subgraph;
        err->node = node;
        err->tensor = tensor;
    }
    return code;
}

const char *a8_dtype_name(a8_dtype_t dtype) {
    static const char names[A8_INT4 + 1][11] = {
        "float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8",
        "float64", "complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4"
    };
    return (uint32_t)dtype <= A8_INT4 ? names[dtype] : "unknown";
}

uint32_t a8_dtype_size(a8_dtype_t dtype) {
    static const uint8_t sizes[A8_INT4 + 1] = { 4, 2, 4, 1, 8, 0, 1, 2, 8, 1, 8, 16, 8, 0, 0, 4, 2, 0 };
    return (uint32_t)dtype <= A8_INT4 ? sizes[dtype] : 0;
}

// ---------------------------------------------------------------------------
// The model and its subgraphs.

int a8_model_open(a8_model_t *model, const void *data, uint32_t size, a8_error_t *err) {
    memset(model, 0, sizeof(*model));
    if (size < 8 || size > INT32_MAX) {
        return a8_error(err, A8_ERR_MODEL, "the model is too short or too long", 8,
            size < 8 ? (int32_t)size : INT32_MAX);
    }
    if (memcmp((const uint8_t *)data + 4, "TFL3", 4) != 0) {
        return a8_error(err, A8_ERR_MODEL, "bytes 4 to 7 are not the identifier TFL3 of a .tflite file", A8_NONE,
            A8_NONE);
    }
    a8_flatbuffer_t fb = { data, size };
    uint32_t root, version = 0;
    a8_vector_t opcodes, subgraphs, buffers;
    if (!a8_flatbuffer_follow(&fb, 0, &root) || !a8_flatbuffer_field_u32(&fb, root, MODEL_VERSION, &version) ||
        !a8_flatbuffer_vector(&fb, root, MODEL_OPERATOR_CODES, 4, &opcodes) ||
        !a8_flatbuffer_vector(&fb, root, MODEL_SUBGRAPHS, 4, &subgraphs) ||
        !a8_flatbuffer_vector(&fb, root, MODEL_BUFFERS, 4, &buffers)) {
        return a8_error(err, A8_ERR_MODEL, "the model's root table is malformed", A8_NONE, A8_NONE);
    }
    if (version != 3) {
        return a8_error(err, A8_ERR_MODEL, "the model's schema version is not known", 3, (int32_t)version);
    }
    if (subgraphs.count == 0 || subgraphs.count > UINT16_MAX) {
        return a8_error(err, A8_ERR_MODEL, "the model has no subgraph, or too many", 1, (int32_t)subgraphs.count);
    }
    model->data = data;
    model->size = size;
    model->subgraphs = subgraphs.first;
    model->n_subgraphs = subgraphs.count;
    model->opcodes = opcodes.first;
    model->n_opcodes = opcodes.count;
    model->buffers = buffers.first;
    model->n_buffers = buffers.count;
    return A8_OK;
}

// One of a subgraph's vectors, by its field.
static bool read_graph_vector(const a8_model_t *model, uint32_t subgraph, uint32_t field, a8_vector_t *vector) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    a8_vector_t all = { model->subgraphs, model->n_subgraphs };
    uint32_t table;
    vector->first = 0;
    vector->count = 0;
    return a8_flatbuffer_element(&fb, &all, subgraph, &table) && a8_flatbuffer_vector(&fb, table, field, 4, vector);
}

int a8_model_graph(const a8_model_t *model, uint32_t subgraph, a8_graph_info_t *graph, a8_error_t *err) {
    if (!read_graph_vector(model, subgraph, GRAPH_TENSORS, &graph->tensors) ||
        !read_graph_vector(model, subgraph, GRAPH_INPUTS, &graph->inputs) ||
        !read_graph_vector(model, subgraph, GRAPH_OUTPUTS, &graph->outputs) ||
        !read_graph_vector(model, subgraph, GRAPH_OPERATORS, &graph->operators)) {
        return a8_error_at(err, A8_ERR_MODEL, "the subgraph's table is malformed", subgraph, A8_NONE, A8_NONE, A8_NONE,
            A8_NONE);
    }
    return A8_OK;
}

uint32_t a8_model_tensors(const a8_model_t *model, uint32_t subgraph) {
    a8_vector_t vector;
    return read_graph_vector(model, subgraph, GRAPH_TENSORS, &vector) ? vector.count : 0;
}

uint32_t a8_model_nodes(const a8_model_t *model, uint32_t subgraph) {
    a8_vector_t vector;
    return read_graph_vector(model, subgraph, GRAPH_OPERATORS, &vector) ? vector.count : 0;
}

uint32_t a8_model_inputs(const a8_model_t *model, uint32_t subgraph) {
    a8_vector_t vector;
    return read_graph_vector(model, subgraph, GRAPH_INPUTS, &vector) ? vector.count : 0;
}

uint32_t a8_model_outputs(const a8_model_t *model, uint32_t subgraph) {
    a8_vector_t vector;
    return read_graph_vector(model, subgraph, GRAPH_OUTPUTS, &vector) ? vector.count : 0;
}

// The i-th of a vector of tensor indices, -1 if it isn't there.
static int32_t read_index(const a8_model_t *model, uint32_t first, uint32_t count, uint32_t i) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    if (i >= count || !a8_flatbuffer_has(&fb, first, 4) || i > (fb.size - first) / 4 - 1) {
        return -1;
    }
    return (int32_t)a8_flatbuffer_u32(&fb, first + 4 * i);
}

int32_t a8_model_input(const a8_model_t *model, uint32_t subgraph, uint32_t i) {
    a8_vector_t vector;
    bool good = read_graph_vector(model, subgraph, GRAPH_INPUTS, &vector);
    return good ? read_index(model, vector.first, vector.count, i) : -1;
}

int32_t a8_model_output(const a8_model_t *model, uint32_t subgraph, uint32_t i) {
    a8_vector_t vector;
    bool good = read_graph_vector(model, subgraph, GRAPH_OUTPUTS, &vector);
    return good ? read_index(model, vector.first, vector.count, i) : -1;
}

// ---------------------------------------------------------------------------
// Tensors.

// Finds a buffer's bytes. They are a vector in the flatbuffer, or with an offset greater than 1
// (0 and 1 stand for none) they lie anywhere in the file.
static bool read_buffer(const a8_model_t *model, uint32_t index, a8_vector_t *data) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    a8_vector_t all = { model->buffers, model->n_buffers };
    uint32_t table, offset, size;
    if (!a8_flatbuffer_element(&fb, &all, index, &table) || !a8_flatbuffer_vector(&fb, table, BUFFER_DATA, 1, data) ||
        !a8_flatbuffer_field(&fb, table, BUFFER_OFFSET, 8, &offset) ||
        !a8_flatbuffer_field(&fb, table, BUFFER_SIZE, 8, &size)) {
        return false;
    }
    if (data->count == 0 && offset != 0 && size != 0) {
        uint32_t first = a8_flatbuffer_u32(&fb, offset), count = a8_flatbuffer_u32(&fb, size);
        uint32_t high = a8_flatbuffer_u32(&fb, offset + 4) | a8_flatbuffer_u32(&fb, size + 4);
        if (high == 0 && first <= 1) {
            return true;
        }
        if (high != 0 || !a8_flatbuffer_has(&fb, first, count)) {
            return false;
        }
        data->first = first;
        data->count = count;
    }
    return true;
}

a8_vector_t a8_model_metadata(const a8_model_t *model, a8_string_t name) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    a8_vector_t entries, text, data, none = { 0, 0 };
    uint32_t root, entry, buffer;
    if (!a8_flatbuffer_follow(&fb, 0, &root) || !a8_flatbuffer_vector(&fb, root, MODEL_METADATA, 4, &entries)) {
        return none;
    }
    for (uint32_t i = 0; i < entries.count; ++i) {
        buffer = 0;
        if (a8_flatbuffer_element(&fb, &entries, i, &entry) &&
            a8_flatbuffer_vector(&fb, entry, METADATA_NAME, 1, &text) && text.count == name.len &&
            memcmp(fb.data + text.first, name.str, name.len) == 0 &&
            a8_flatbuffer_field_u32(&fb, entry, METADATA_BUFFER, &buffer) && read_buffer(model, buffer, &data)) {
            return data;
        }
    }
    return none;
}

static uint32_t load_u32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

float a8_tensor_scale(const a8_tensor_info_t *info, uint32_t i) {
    if (i >= info->n_scales) {
        return info->scale;
    }
    uint32_t bits = load_u32(info->scales + 4 * i);
    float scale;
    memcpy(&scale, &bits, sizeof(scale));
    return scale;
}

int32_t a8_tensor_zero_point(const a8_tensor_info_t *info, uint32_t i) {
    if (i >= info->n_scales) {
        return info->zero_point;
    }
    return info->zero_points == NULL ? 0 : (int32_t)load_u32(info->zero_points + 8 * i);
}

// Tells whether a little-endian int64 is a value that the element type can take.
static bool zero_point_fits(a8_dtype_t dtype, const uint8_t *p) {
    int32_t value = (int32_t)load_u32(p);
    if ((int32_t)load_u32(p + 4) != (value < 0 ? -1 : 0)) {
        return false;
    }
    const uint32_t bits = dtype == A8_INT4 ? 4 : 8 * a8_dtype_size(dtype);
    if (bits == 0 || bits > 16 || dtype == A8_BOOL || dtype == A8_FLOAT16) {
        return true;
    }
    const bool is_unsigned = dtype == A8_UINT8 || dtype == A8_UINT16;
    return (uint32_t)value + (is_unsigned ? 0 : (uint32_t)1 << (bits - 1)) < (uint32_t)1 << bits;
}

#define WRONG_COUNT "zero points, scales and channels of the tensor are not as many"

// Where an error about a tensor is reported.
typedef struct {
    a8_error_t *err;
    uint32_t subgraph;
    uint32_t tensor;
} place_t;

static int tensor_error(const place_t *place, int code, const char *message, int32_t needed, int32_t given) {
    return a8_error_at(place->err, code, message, place->subgraph, A8_NONE, (int32_t)place->tensor, needed, given);
}

static int malformed(const place_t *place) {
    return tensor_error(place, A8_ERR_MODEL, "the tensor's table is malformed", A8_NONE, A8_NONE);
}

static int read_shape(const a8_flatbuffer_t *fb, uint32_t table, a8_tensor_info_t *info, const place_t *place) {
    a8_vector_t shape;
    if (!a8_flatbuffer_vector(fb, table, TENSOR_SHAPE, 4, &shape)) {
        return malformed(place);
    }
    if (shape.count > A8_MAX_DIMS) {
        return tensor_error(place, A8_ERR_UNSUPPORTED, "the tensor has too many dimensions", A8_MAX_DIMS,
            (int32_t)shape.count);
    }
    info->rank = shape.count;
    uint64_t count = 1;
    for (uint32_t i = 0; i < shape.count; ++i) {
        int32_t dim = (int32_t)a8_flatbuffer_u32(fb, shape.first + 4 * i);
        if (dim < 0) {
            return tensor_error(place, A8_ERR_MODEL, "a dimension of the tensor is negative", 0, dim);
        }
        info->dims[i] = dim;
        count *= (uint32_t)dim;
        if (count > INT32_MAX) {
            break; // a later 0 can't make it valid again: nobody writes such a shape
        }
    }
    info->count = (uint32_t)count;
    uint64_t bytes = info->dtype == A8_INT4 ? (count + 1) / 2 : count * a8_dtype_size(info->dtype);
    if (count > INT32_MAX || bytes > INT32_MAX) {
        return tensor_error(place, A8_ERR_MODEL, "the tensor has more than 2^31 - 1 elements or bytes", A8_NONE,
            A8_NONE);
    }
    info->bytes = (uint32_t)bytes;
    return A8_OK;
}

static int read_quantization(const a8_flatbuffer_t *fb, uint32_t table, a8_tensor_info_t *info,
    const place_t *place) {
    uint32_t quantization, details = 0, dimension = 0;
    a8_vector_t scales, zero_points;
    if (!a8_flatbuffer_table(fb, table, TENSOR_QUANTIZATION, &quantization)) {
        return malformed(place);
    }
    if (quantization == 0) {
        return A8_OK;
    }
    if (!a8_flatbuffer_vector(fb, quantization, QUANTIZATION_SCALE, 4, &scales) ||
        !a8_flatbuffer_vector(fb, quantization, QUANTIZATION_ZERO_POINT, 8, &zero_points) ||
        !a8_flatbuffer_field_u8(fb, quantization, QUANTIZATION_DETAILS_TYPE, &details) ||
        !a8_flatbuffer_field_u32(fb, quantization, QUANTIZATION_DIMENSION, &dimension)) {
        return malformed(place);
    }
    if (details != 0) {
        return tensor_error(place, A8_ERR_UNSUPPORTED, "the tensor's kind of quantization is not supported", 0,
            (int32_t)details);
    }
    if (scales.count == 0) {
        return A8_OK;
    }
    info->n_scales = scales.count;
    info->scales = fb->data + scales.first;
    for (uint32_t i = 0; i < scales.count; ++i) {
        uint32_t bits = a8_flatbuffer_u32(fb, scales.first + 4 * i);
        if (bits == 0 || bits >= 0x7f800000) { // 0, infinite, NaN or negative
            return tensor_error(place, A8_ERR_MODEL, "a scale of the tensor is not a positive number", A8_NONE,
                A8_NONE);
        }
    }
    info->scale = a8_tensor_scale(info, 0);
    if (zero_points.count != 0) {
        // One zero point for many channels can only be read as all 0.
        bool one_zero = zero_points.count == 1 && load_u32(fb->data + zero_points.first) == 0 &&
            load_u32(fb->data + zero_points.first + 4) == 0;
        if (zero_points.count == scales.count) {
            info->zero_points = fb->data + zero_points.first;
        } else if (!one_zero) {
            return tensor_error(place, A8_ERR_MODEL, WRONG_COUNT,
                (int32_t)scales.count, (int32_t)zero_points.count);
        }
        for (uint32_t i = 0; i < zero_points.count; ++i) {
            const uint8_t *p = fb->data + zero_points.first + 8 * i;
            if (!zero_point_fits(info->dtype, p)) {
                return tensor_error(place, A8_ERR_MODEL, "a zero point is not a value of the tensor's element type",
                    A8_NONE, (int32_t)load_u32(p));
            }
        }
        info->zero_point = a8_tensor_zero_point(info, 0);
    }
    info->quantized_dimension = (int32_t)dimension;
    if (scales.count > 1) {
        if (info->rank == 1) {
            info->quantized_dimension = 0; // files exist that say 3 here, as for the 4-D filter of the same node
        }
        if (info->quantized_dimension < 0 || (uint32_t)info->quantized_dimension >= info->rank) {
            return tensor_error(place, A8_ERR_MODEL, "the tensor's quantized dimension is not one of its dimensions",
                (int32_t)info->rank, info->quantized_dimension);
        }
        int32_t channels = info->dims[info->quantized_dimension];
        if ((uint32_t)channels != scales.count) {
            return tensor_error(place, A8_ERR_MODEL, WRONG_COUNT, channels,
                (int32_t)scales.count);
        }
    }
    return A8_OK;
}

int a8_model_tensor(const a8_model_t *model, uint32_t subgraph, uint32_t tensor, a8_tensor_info_t *info,
    a8_error_t *err) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    place_t place = { err, subgraph, tensor };
    uint32_t table, type = A8_FLOAT32, buffer = 0, variable = 0, sparsity = 0;
    a8_vector_t tensors, name, data;
    memset(info, 0, sizeof(*info));
    if (!read_graph_vector(model, subgraph, GRAPH_TENSORS, &tensors) ||
        !a8_flatbuffer_element(&fb, &tensors, tensor, &table) ||
        !a8_flatbuffer_field_u8(&fb, table, TENSOR_TYPE, &type) ||
        !a8_flatbuffer_field_u32(&fb, table, TENSOR_BUFFER, &buffer) ||
        !a8_flatbuffer_vector(&fb, table, TENSOR_NAME, 1, &name) ||
        !a8_flatbuffer_field_u8(&fb, table, TENSOR_IS_VARIABLE, &variable) ||
        !a8_flatbuffer_table(&fb, table, TENSOR_SPARSITY, &sparsity)) {
        return malformed(&place);
    }
    info->name.str = (const char *)fb.data + name.first;
    info->name.len = name.count;
    info->is_variable = variable != 0;
    if (type > A8_INT4) {
        return tensor_error(&place, A8_ERR_UNSUPPORTED, "the tensor's element type is not known", A8_INT4,
            (int32_t)type);
    }
    info->dtype = (a8_dtype_t)type;
    if (sparsity != 0) {
        return tensor_error(&place, A8_ERR_UNSUPPORTED, "sparse tensors are not supported", A8_NONE, A8_NONE);
    }
    int ret = read_shape(&fb, table, info, &place);
    if (ret == A8_OK) {
        ret = read_quantization(&fb, table, info, &place);
    }
    if (ret != A8_OK) {
        return ret;
    }
    if (!read_buffer(model, buffer, &data)) {
        return tensor_error(&place, A8_ERR_MODEL, "the tensor's buffer lies outside of the model", A8_NONE,
            (int32_t)buffer);
    }
    if (data.count != 0) {
        // More than needed occurs in real files and does no harm. Types without
        // a size can't be computed with, so nobody looks at their bytes.
        if (data.count < info->bytes) {
            return tensor_error(&place, A8_ERR_MODEL, "the tensor's constant data is too short", (int32_t)info->bytes,
                (int32_t)data.count);
        }
        info->data = fb.data + data.first;
    }
    return A8_OK;
}

// ---------------------------------------------------------------------------
// Nodes.

int a8_model_node(const a8_model_t *model, uint32_t subgraph, uint32_t node, a8_node_info_t *info, a8_error_t *err) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    a8_vector_t codes = { model->opcodes, model->n_opcodes };
    a8_vector_t nodes, inputs, outputs, custom, custom_options;
    uint32_t table, code, opcode = 0, old_builtin = 0, builtin = 0, version = 1;
    memset(info, 0, sizeof(*info));
    if (!read_graph_vector(model, subgraph, GRAPH_OPERATORS, &nodes) ||
        !a8_flatbuffer_element(&fb, &nodes, node, &table) ||
        !a8_flatbuffer_field_u32(&fb, table, OPERATOR_OPCODE, &opcode) ||
        !a8_flatbuffer_vector(&fb, table, OPERATOR_INPUTS, 4, &inputs) ||
        !a8_flatbuffer_vector(&fb, table, OPERATOR_OUTPUTS, 4, &outputs) ||
        !a8_flatbuffer_table(&fb, table, OPERATOR_OPTIONS, &info->options) ||
        !a8_flatbuffer_vector(&fb, table, OPERATOR_CUSTOM_OPTIONS, 1, &custom_options)) {
        return a8_error_at(err, A8_ERR_MODEL, "the node's table is malformed", subgraph, (int32_t)node, A8_NONE,
            A8_NONE, A8_NONE);
    }
    if (!a8_flatbuffer_element(&fb, &codes, opcode, &code) ||
        !a8_flatbuffer_field_u8(&fb, code, CODE_DEPRECATED_BUILTIN, &old_builtin) ||
        !a8_flatbuffer_vector(&fb, code, CODE_CUSTOM, 1, &custom) ||
        !a8_flatbuffer_field_u32(&fb, code, CODE_VERSION, &version) ||
        !a8_flatbuffer_field_u32(&fb, code, CODE_BUILTIN, &builtin) || old_builtin > 127 ||
        (int32_t)builtin < 0) {
        return a8_error_at(err, A8_ERR_MODEL, "the node's operator code is malformed or not there", subgraph,
            (int32_t)node, A8_NONE, (int32_t)codes.count, (int32_t)opcode);
    }
    // Older files have the one-byte field only, newer ones put 127 there for codes that don't fit.
    info->op = (int32_t)(old_builtin > builtin ? old_builtin : builtin);
    info->version = (int32_t)version;
    info->custom.str = (const char *)fb.data + custom.first;
    info->custom.len = custom.count;
    info->inputs = inputs.first;
    info->n_inputs = inputs.count;
    info->outputs = outputs.first;
    info->n_outputs = outputs.count;
    info->custom_options = custom_options.first;
    info->n_custom_options = custom_options.count;
    return A8_OK;
}

int32_t a8_node_input(const a8_model_t *model, const a8_node_info_t *node, uint32_t i) {
    return read_index(model, node->inputs, node->n_inputs, i);
}

int32_t a8_node_output(const a8_model_t *model, const a8_node_info_t *node, uint32_t i) {
    return read_index(model, node->outputs, node->n_outputs, i);
}

uint32_t a8_model_callees(const a8_model_t *model, const a8_node_info_t *node, uint32_t callees[2]) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    uint32_t n = node->op == CODE_CALL_ONCE ? 1 : 0;
    if (node->op == CODE_IF || node->op == CODE_WHILE) {
        n = 2;
    }
    for (uint32_t i = 0; i < n; ++i) {
        callees[i] = 0;
        if (node->options != 0 && !a8_flatbuffer_field_u32(&fb, node->options, CALLEES_FIRST + i, &callees[i])) {
            callees[i] = UINT32_MAX;
        }
    }
    return n;
}

bool a8_model_variable(const a8_model_t *model, const a8_node_info_t *node, a8_string_t *container,
    a8_string_t *name) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    a8_vector_t found[2] = { { 0, 0 }, { 0, 0 } };
    if (node->options != 0 &&
        (!a8_flatbuffer_vector(&fb, node->options, VARIABLE_CONTAINER, 1, &found[0]) ||
            !a8_flatbuffer_vector(&fb, node->options, VARIABLE_SHARED_NAME, 1, &found[1]))) {
        return false;
    }
    container->str = (const char *)fb.data + found[0].first;
    container->len = found[0].count;
    name->str = (const char *)fb.data + found[1].first;
    name->len = found[1].count;
    return true;
}
