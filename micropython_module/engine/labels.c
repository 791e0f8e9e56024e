// SPDX-License-Identifier: MIT
//
// Class labels: TFLite metadata appends a zip archive with text files to the
// model, and a second flatbuffer, in the model's buffer TFLITE_METADATA, says
// which of them names the elements of an output.
#include <stddef.h>
#include <string.h>

#include "model.h"

// Fields of the metadata's own schema.
enum {
    METADATA_SUBGRAPHS = 3,
    SUBGRAPH_OUTPUTS = 3,
    TENSOR_FILES = 6,
    FILE_NAME = 0,
    FILE_TYPE = 2,
    FILE_TYPE_AXIS_LABELS = 2,
    FILE_TYPE_VALUE_LABELS = 3,
};

// Records of a zip archive: signature and size without name, extra field and comment.
enum {
    ZIP_END = 0x06054b50,
    ZIP_END_BYTES = 22,
    ZIP_ENTRY = 0x02014b50,
    ZIP_ENTRY_BYTES = 46,
    ZIP_LOCAL = 0x04034b50,
    ZIP_LOCAL_BYTES = 30,
    ZIP_COMMENT_MAX = 0xffff,
};

// Name of the file with labels that the metadata tells for output 0; count 0 if it tells none.
static a8_string_t labels_file(const a8_model_t *model) {
    static const a8_string_t entry = { "TFLITE_METADATA", 15 };
    a8_vector_t content = a8_model_metadata(model, entry);
    a8_flatbuffer_t fb = { model->data + content.first, content.count };
    a8_vector_t graphs, outputs, files, name;
    a8_string_t found = { NULL, 0 };
    uint32_t root, graph, output, file;
    if (!a8_flatbuffer_follow(&fb, 0, &root) || !a8_flatbuffer_vector(&fb, root, METADATA_SUBGRAPHS, 4, &graphs) ||
        !a8_flatbuffer_element(&fb, &graphs, 0, &graph) ||
        !a8_flatbuffer_vector(&fb, graph, SUBGRAPH_OUTPUTS, 4, &outputs) ||
        !a8_flatbuffer_element(&fb, &outputs, 0, &output) ||
        !a8_flatbuffer_vector(&fb, output, TENSOR_FILES, 4, &files)) {
        return found;
    }
    for (uint32_t i = 0; i < files.count && found.str == NULL; ++i) {
        uint32_t type = 0;
        if (a8_flatbuffer_element(&fb, &files, i, &file) && a8_flatbuffer_field_u8(&fb, file, FILE_TYPE, &type) &&
            (type == FILE_TYPE_AXIS_LABELS || type == FILE_TYPE_VALUE_LABELS) &&
            a8_flatbuffer_vector(&fb, file, FILE_NAME, 1, &name) && name.count != 0) {
            found.str = (const char *)fb.data + name.first;
            found.len = name.count;
        }
    }
    return found;
}

// Content of a stored member of the zip archive at the end of the model; str is NULL if there is none.
static a8_string_t zip_member(const a8_model_t *model, a8_string_t name) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(model);
    a8_string_t found = { NULL, 0 };
    if (fb.size < ZIP_END_BYTES) {
        return found;
    }
    // The end record is followed by a comment of unknown length.
    uint32_t end = fb.size - ZIP_END_BYTES;
    uint32_t lowest = end > ZIP_COMMENT_MAX ? end - ZIP_COMMENT_MAX : 0;
    while (fb.data[end] != (ZIP_END & 0xff) || a8_flatbuffer_u32(&fb, end) != ZIP_END) {
        if (end-- == lowest) {
            return found;
        }
    }
    uint32_t entries = a8_flatbuffer_u16(&fb, end + 10);
    uint32_t bytes = a8_flatbuffer_u32(&fb, end + 12);
    uint32_t offset = a8_flatbuffer_u32(&fb, end + 16);
    if (bytes > end || offset > end - bytes) {
        return found;
    }
    // Offsets count from the archive's start or from the model's, depending on who appended it.
    uint32_t entry = end - bytes, start = entry - offset;
    for (; entries > 0 && a8_flatbuffer_has(&fb, entry, ZIP_ENTRY_BYTES); --entries) {
        uint32_t name_bytes = a8_flatbuffer_u16(&fb, entry + 28);
        if (a8_flatbuffer_u32(&fb, entry) != ZIP_ENTRY ||
            !a8_flatbuffer_has(&fb, entry + ZIP_ENTRY_BYTES, name_bytes)) {
            return found;
        }
        if (name_bytes == name.len && memcmp(fb.data + entry + ZIP_ENTRY_BYTES, name.str, name.len) == 0) {
            uint32_t method = a8_flatbuffer_u16(&fb, entry + 10), size = a8_flatbuffer_u32(&fb, entry + 24);
            uint32_t relative = a8_flatbuffer_u32(&fb, entry + 42);
            if (method != 0 || relative > fb.size - start) {
                return found;
            }
            uint32_t local = start + relative;
            if (!a8_flatbuffer_has(&fb, local, ZIP_LOCAL_BYTES) || a8_flatbuffer_u32(&fb, local) != ZIP_LOCAL) {
                return found;
            }
            uint32_t data = local + ZIP_LOCAL_BYTES + a8_flatbuffer_u16(&fb, local + 26) +
                a8_flatbuffer_u16(&fb, local + 28);
            if (a8_flatbuffer_has(&fb, data, size)) {
                found.str = (const char *)fb.data + data;
                found.len = size;
            }
            return found;
        }
        entry += ZIP_ENTRY_BYTES + name_bytes + a8_flatbuffer_u16(&fb, entry + 30) + a8_flatbuffer_u16(&fb, entry + 32);
    }
    return found;
}

a8_string_t a8_model_labels_text(const a8_model_t *model) {
    static const a8_string_t usual = { "labels.txt", 10 };
    a8_string_t name = labels_file(model), text = { NULL, 0 };
    if (name.str != NULL) {
        text = zip_member(model, name);
    }
    return text.str != NULL ? text : zip_member(model, usual);
}

bool a8_next_label(a8_string_t *text, a8_string_t *label) {
    if (text->len == 0) {
        return false;
    }
    a8_string_t line = { text->str, 0 };
    while (line.len < text->len && line.str[line.len] != '\n') {
        ++line.len;
    }
    uint32_t taken = line.len < text->len ? line.len + 1 : line.len;
    text->str += taken;
    text->len -= taken;
    if (line.len > 0 && line.str[line.len - 1] == '\r') {
        --line.len;
    }
    *label = line;
    return true;
}

uint32_t a8_model_labels(const a8_model_t *model) {
    a8_string_t text = a8_model_labels_text(model), label;
    uint32_t count = 0;
    while (a8_next_label(&text, &label)) {
        ++count;
    }
    return count;
}

a8_string_t a8_model_label(const a8_model_t *model, uint32_t i) {
    a8_string_t text = a8_model_labels_text(model), label, none = { NULL, 0 };
    while (a8_next_label(&text, &label)) {
        if (i-- == 0) {
            return label;
        }
    }
    return none;
}
