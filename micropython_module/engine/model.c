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

int a8_error_model(a8_error_t *err, const char *message, int32_t needed, int32_t given) {
    return a8_error(err, A8_ERR_MODEL, message, needed, given);
}

int a8_error_unsupported(a8_error_t *err, const char *message, int32_t needed, int32_t given) {
    return a8_error(err, A8_ERR_UNSUPPORTED, message, needed, given);
}

int a8_error_malformed(a8_error_t *err, const char *message) {
    return a8_error_model(err, message, A8_NONE, A8_NONE);
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
        return a8_error_model(err, "the model is too short or too long", 8, size < 8 ? (int32_t)size : INT32_MAX);
    }
    if (memcmp((const uint8_t *)data + 4, "TFL3", 4) != 0) {
        return a8_error_malformed(err, "bytes 4 to 7 are not the identifier TFL3 of a .tflite file");
    }
    static const uint8_t fields[] = {
        MODEL_VERSION | A8_FIELD_U32, MODEL_OPERATOR_CODES | A8_FIELD_WORDS, MODEL_SUBGRAPHS | A8_FIELD_WORDS,
        MODEL_BUFFERS | A8_FIELD_WORDS, A8_FIELD_END
    };
    enum { VERSION,
        CODES,
        N_CODES,
        GRAPHS,
        N_GRAPHS,
        BUFFERS,
        N_BUFFERS,
        COUNT };
    a8_flatbuffer_t fb = { data, size };
    uint32_t root, values[COUNT] = { 0 };
    if (!a8_flatbuffer_follow(&fb, 0, &root) || !a8_flatbuffer_read(&fb, root, fields, values)) {
        return a8_error_malformed(err, "the model's root table is malformed");
    }
    if (values[VERSION] != 3) {
        return a8_error_model(err, "the model's schema version is not known", 3, (int32_t)values[VERSION]);
    }
    if (values[N_GRAPHS] == 0 || values[N_GRAPHS] > UINT16_MAX) {
        return a8_error_model(err, "the model has no subgraph, or too many", 1, (int32_t)values[N_GRAPHS]);
    }
    model->data = data;
    model->size = size;
    model->subgraphs = values[GRAPHS];
    model->n_subgraphs = values[N_GRAPHS];
    model->opcodes = values[CODES];
    model->n_opcodes = values[N_CODES];
    model->buffers = values[BUFFERS];
    model->n_buffers = values[N_BUFFERS];
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

int a8_model_graph(const a8_model_t *model, uint32_t subgraph, a8_vector_t graph[A8_GRAPH_VECTORS],
    a8_error_t *err) {
    for (uint32_t i = 0; i < A8_GRAPH_VECTORS; ++i) {
        if (!read_graph_vector(model, subgraph, i, &graph[i])) {
            int ret = a8_error_malformed(err, "the subgraph's table is malformed");
            if (err != NULL) {
                err->subgraph = (int32_t)subgraph;
            }
            return ret;
        }
    }
    return A8_OK;
}

uint32_t a8_model_tensors(const a8_model_t *model, uint32_t subgraph) {
    a8_vector_t vector;
    return read_graph_vector(model, subgraph, A8_GRAPH_TENSORS, &vector) ? vector.count : 0;
}

uint32_t a8_model_nodes(const a8_model_t *model, uint32_t subgraph) {
    a8_vector_t vector;
    return read_graph_vector(model, subgraph, A8_GRAPH_OPERATORS, &vector) ? vector.count : 0;
}

uint32_t a8_model_inputs(const a8_model_t *model, uint32_t subgraph) {
    a8_vector_t vector;
    return read_graph_vector(model, subgraph, A8_GRAPH_INPUTS, &vector) ? vector.count : 0;
}

uint32_t a8_model_outputs(const a8_model_t *model, uint32_t subgraph) {
    a8_vector_t vector;
    return read_graph_vector(model, subgraph, A8_GRAPH_OUTPUTS, &vector) ? vector.count : 0;
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
    bool good = read_graph_vector(model, subgraph, A8_GRAPH_INPUTS, &vector);
    return good ? read_index(model, vector.first, vector.count, i) : -1;
}

int32_t a8_model_output(const a8_model_t *model, uint32_t subgraph, uint32_t i) {
    a8_vector_t vector;
    bool good = read_graph_vector(model, subgraph, A8_GRAPH_OUTPUTS, &vector);
    return good ? read_index(model, vector.first, vector.count, i) : -1;
}

// ---------------------------------------------------------------------------
// Tensors.

// Finds a buffer's bytes. They are a vector in the flatbuffer, or with an offset greater than 1
// (0 and 1 stand for none) they lie anywhere in the file.
static bool read_buffer(const a8_model_t *model, uint32_t index, a8_vector_t *data) {
    static const uint8_t fields[] = {
        BUFFER_DATA | A8_FIELD_BYTES, BUFFER_OFFSET | A8_FIELD_U64, BUFFER_SIZE | A8_FIELD_U64, A8_FIELD_END
    };
    enum { DATA,
        N_DATA,
        OFFSET,
        SIZE,
        COUNT };
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    a8_vector_t all = { model->buffers, model->n_buffers };
    uint32_t table, values[COUNT];
    if (!a8_flatbuffer_element(&fb, &all, index, &table) || !a8_flatbuffer_read(&fb, table, fields, values)) {
        return false;
    }
    data->first = values[DATA];
    data->count = values[N_DATA];
    if (data->count == 0 && values[OFFSET] != 0 && values[SIZE] != 0) {
        uint32_t first = a8_flatbuffer_u32(&fb, values[OFFSET]), count = a8_flatbuffer_u32(&fb, values[SIZE]);
        uint32_t high = a8_flatbuffer_u32(&fb, values[OFFSET] + 4) | a8_flatbuffer_u32(&fb, values[SIZE] + 4);
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

static int malformed(a8_error_t *err) {
    return a8_error_malformed(err, "the tensor's table is malformed");
}

static int read_shape(const a8_flatbuffer_t *fb, uint32_t first, uint32_t rank, a8_tensor_info_t *info,
    a8_error_t *err) {
    if (rank > A8_MAX_DIMS) {
        return a8_error_unsupported(err, "the tensor has too many dimensions", A8_MAX_DIMS, (int32_t)rank);
    }
    info->rank = rank;
    uint32_t count = 1;
    bool fits = true; // a later 0 can't make it valid again: nobody writes such a shape
    for (uint32_t i = 0; i < rank && fits; ++i) {
        int32_t dim = (int32_t)a8_flatbuffer_u32(fb, first + 4 * i);
        if (dim < 0) {
            return a8_error_model(err, "a dimension of the tensor is negative", 0, dim);
        }
        info->dims[i] = dim;
        fits = dim == 0 || count <= INT32_MAX / (uint32_t)dim;
        count *= (uint32_t)dim;
    }
    info->count = count;
    uint32_t size = a8_dtype_size(info->dtype);
    if (!fits || (size != 0 && count > INT32_MAX / size)) {
        return a8_error_malformed(err, "the tensor has more than 2^31 - 1 elements or bytes");
    }
    info->bytes = info->dtype == A8_INT4 ? (count + 1) / 2 : count * size;
    return A8_OK;
}

static int read_quantization(const a8_flatbuffer_t *fb, uint32_t table, a8_tensor_info_t *info, a8_error_t *err) {
    static const uint8_t fields[] = {
        QUANTIZATION_SCALE | A8_FIELD_WORDS, QUANTIZATION_ZERO_POINT | A8_FIELD_LONGS,
        QUANTIZATION_DETAILS_TYPE | A8_FIELD_U8, QUANTIZATION_DIMENSION | A8_FIELD_U32, A8_FIELD_END
    };
    enum { SCALES,
        N_SCALES,
        ZEROS,
        N_ZEROS,
        DETAILS,
        DIMENSION,
        COUNT };
    uint32_t values[COUNT] = { 0 };
    if (table == 0) {
        return A8_OK;
    }
    if (!a8_flatbuffer_read(fb, table, fields, values)) {
        return malformed(err);
    }
    if (values[DETAILS] != 0) {
        return a8_error_unsupported(err, "the tensor's kind of quantization is not supported", 0,
            (int32_t)values[DETAILS]);
    }
    const uint32_t n_scales = values[N_SCALES];
    if (n_scales == 0) {
        return A8_OK;
    }
    info->n_scales = n_scales;
    info->scales = fb->data + values[SCALES];
    for (uint32_t i = 0; i < n_scales; ++i) {
        uint32_t bits = a8_flatbuffer_u32(fb, values[SCALES] + 4 * i);
        if (bits == 0 || bits >= 0x7f800000) { // 0, infinite, NaN or negative
            return a8_error_malformed(err, "a scale of the tensor is not a positive number");
        }
    }
    info->scale = a8_tensor_scale(info, 0);
    const uint32_t n_zeros = values[N_ZEROS];
    if (n_zeros != 0) {
        const uint8_t *zeros = fb->data + values[ZEROS];
        // One zero point for many channels can only be read as all 0.
        bool one_zero = n_zeros == 1 && (load_u32(zeros) | load_u32(zeros + 4)) == 0;
        if (n_zeros == n_scales) {
            info->zero_points = zeros;
        } else if (!one_zero) {
            return a8_error_model(err, WRONG_COUNT, (int32_t)n_scales, (int32_t)n_zeros);
        }
        for (uint32_t i = 0; i < n_zeros; ++i) {
            const uint8_t *p = zeros + 8 * i;
            if (!zero_point_fits(info->dtype, p)) {
                return a8_error_model(err, "a zero point is not a value of the tensor's element type", A8_NONE,
                    (int32_t)load_u32(p));
            }
        }
        info->zero_point = a8_tensor_zero_point(info, 0);
    }
    info->quantized_dimension = (int32_t)values[DIMENSION];
    if (n_scales > 1) {
        if (info->rank == 1) {
            info->quantized_dimension = 0; // files exist that say 3 here, as for the 4-D filter of the same node
        }
        if ((uint32_t)info->quantized_dimension >= info->rank) {
            return a8_error_model(err, "the tensor's quantized dimension is not one of its dimensions",
                (int32_t)info->rank, info->quantized_dimension);
        }
        int32_t channels = info->dims[info->quantized_dimension];
        if ((uint32_t)channels != n_scales) {
            return a8_error_model(err, WRONG_COUNT, channels, (int32_t)n_scales);
        }
    }
    return A8_OK;
}

static int read_tensor(const a8_model_t *model, uint32_t subgraph, uint32_t tensor, a8_tensor_info_t *info,
    a8_error_t *err) {
    static const uint8_t fields[] = {
        TENSOR_TYPE | A8_FIELD_U8, TENSOR_BUFFER | A8_FIELD_U32, TENSOR_NAME | A8_FIELD_BYTES,
        TENSOR_IS_VARIABLE | A8_FIELD_U8, TENSOR_SPARSITY | A8_FIELD_TABLE, TENSOR_SHAPE | A8_FIELD_WORDS,
        TENSOR_QUANTIZATION | A8_FIELD_TABLE, A8_FIELD_END
    };
    enum { TYPE,
        BUFFER,
        NAME,
        N_NAME,
        VARIABLE,
        SPARSITY,
        SHAPE,
        RANK,
        QUANTIZATION,
        COUNT };
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    uint32_t table, values[COUNT] = { 0 }; // 0 is also the type that an absent one stands for
    a8_vector_t tensors, data;
    if (!read_graph_vector(model, subgraph, A8_GRAPH_TENSORS, &tensors) ||
        !a8_flatbuffer_element(&fb, &tensors, tensor, &table) || !a8_flatbuffer_read(&fb, table, fields, values)) {
        return malformed(err);
    }
    info->name.str = (const char *)fb.data + values[NAME];
    info->name.len = values[N_NAME];
    info->is_variable = values[VARIABLE] != 0;
    if (values[TYPE] > A8_INT4) {
        return a8_error_unsupported(err, "the tensor's element type is not known", A8_INT4, (int32_t)values[TYPE]);
    }
    info->dtype = (a8_dtype_t)values[TYPE];
    if (values[SPARSITY] != 0) {
        return a8_error_unsupported(err, "sparse tensors are not supported", A8_NONE, A8_NONE);
    }
    int ret = read_shape(&fb, values[SHAPE], values[RANK], info, err);
    if (ret == A8_OK) {
        ret = read_quantization(&fb, values[QUANTIZATION], info, err);
    }
    if (ret != A8_OK) {
        return ret;
    }
    if (!read_buffer(model, values[BUFFER], &data)) {
        return a8_error_model(err, "the tensor's buffer lies outside of the model", A8_NONE, (int32_t)values[BUFFER]);
    }
    if (data.count != 0) {
        // More than needed occurs in real files and does no harm. Types without
        // a size can't be computed with, so nobody looks at their bytes.
        if (data.count < info->bytes) {
            return a8_error_model(err, "the tensor's constant data is too short", (int32_t)info->bytes,
                (int32_t)data.count);
        }
        info->data = fb.data + data.first;
    }
    return A8_OK;
}

int a8_model_tensor(const a8_model_t *model, uint32_t subgraph, uint32_t tensor, a8_tensor_info_t *info,
    a8_error_t *err) {
    memset(info, 0, sizeof(*info));
    int ret = read_tensor(model, subgraph, tensor, info, err);
    if (ret != A8_OK && err != NULL) {
        err->subgraph = (int32_t)subgraph;
        err->tensor = (int32_t)tensor;
    }
    return ret;
}

// ---------------------------------------------------------------------------
// Nodes.

static int read_node(const a8_model_t *model, uint32_t subgraph, uint32_t node, a8_node_info_t *info,
    a8_error_t *err) {
    static const uint8_t fields[] = {
        OPERATOR_OPCODE | A8_FIELD_U32, OPERATOR_INPUTS | A8_FIELD_WORDS, OPERATOR_OUTPUTS | A8_FIELD_WORDS,
        OPERATOR_OPTIONS | A8_FIELD_TABLE, OPERATOR_CUSTOM_OPTIONS | A8_FIELD_BYTES, A8_FIELD_END
    };
    static const uint8_t code_fields[] = {
        CODE_DEPRECATED_BUILTIN | A8_FIELD_U8, CODE_CUSTOM | A8_FIELD_BYTES, CODE_VERSION | A8_FIELD_U32,
        CODE_BUILTIN | A8_FIELD_U32, A8_FIELD_END
    };
    enum { OPCODE,
        INPUTS,
        N_INPUTS,
        OUTPUTS,
        N_OUTPUTS,
        OPTIONS,
        CUSTOM_OPTIONS,
        N_CUSTOM_OPTIONS,
        COUNT };
    enum { OLD_BUILTIN,
        CUSTOM,
        N_CUSTOM,
        VERSION,
        BUILTIN,
        CODE_COUNT };
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    a8_vector_t codes = { model->opcodes, model->n_opcodes }, nodes;
    uint32_t table, code, values[COUNT] = { 0 }, of_code[CODE_COUNT] = { 0, 0, 0, 1, 0 };
    if (!read_graph_vector(model, subgraph, A8_GRAPH_OPERATORS, &nodes) ||
        !a8_flatbuffer_element(&fb, &nodes, node, &table) || !a8_flatbuffer_read(&fb, table, fields, values)) {
        return a8_error_malformed(err, "the node's table is malformed");
    }
    if (!a8_flatbuffer_element(&fb, &codes, values[OPCODE], &code) ||
        !a8_flatbuffer_read(&fb, code, code_fields, of_code) || of_code[OLD_BUILTIN] > 127 ||
        (int32_t)of_code[BUILTIN] < 0) {
        return a8_error_model(err, "the node's operator code is malformed or not there", (int32_t)codes.count,
            (int32_t)values[OPCODE]);
    }
    // Older files have the one-byte field only, newer ones put 127 there for codes that don't fit.
    bool old = of_code[OLD_BUILTIN] > of_code[BUILTIN];
    info->op = (int32_t)of_code[old ? OLD_BUILTIN : BUILTIN];
    info->version = (int32_t)of_code[VERSION];
    info->custom.str = (const char *)fb.data + of_code[CUSTOM];
    info->custom.len = of_code[N_CUSTOM];
    info->inputs = values[INPUTS];
    info->n_inputs = values[N_INPUTS];
    info->outputs = values[OUTPUTS];
    info->n_outputs = values[N_OUTPUTS];
    info->options = values[OPTIONS];
    info->custom_options = values[CUSTOM_OPTIONS];
    info->n_custom_options = values[N_CUSTOM_OPTIONS];
    return A8_OK;
}

int a8_model_node(const a8_model_t *model, uint32_t subgraph, uint32_t node, a8_node_info_t *info, a8_error_t *err) {
    memset(info, 0, sizeof(*info));
    int ret = read_node(model, subgraph, node, info, err);
    if (ret != A8_OK && err != NULL) {
        err->subgraph = (int32_t)subgraph;
        err->node = (int32_t)node;
    }
    return ret;
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
