// SPDX-License-Identifier: MIT
//
// arena8._buffer: what the package needs from CPython's C API and can't have
// from Python: a type that exports a buffer (Python code can do that from 3.12
// on only), and a look for pending signals.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

// Base of Tensor. It shows the memory of the buffer it was made with as one
// typed dimension; whoever looks at it keeps the object, and what that holds, alive.
typedef struct {
    PyObject ob_base;
    Py_buffer held;
    Py_ssize_t shape;
    Py_ssize_t stride;
    char format[2];
    int readonly;
} exporter_t;

static PyObject *exporter_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = { "buffer", "format", "readonly", NULL };
    PyObject *source;
    const char *format;
    int readonly = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "Os|p", names, &source, &format, &readonly)) {
        return NULL;
    }
    Py_ssize_t itemsize = PyBuffer_SizeFromFormat(format);
    if (itemsize < 1 || strlen(format) != 1) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_ValueError, "format '%s' is not one element", format);
        }
        return NULL;
    }
    exporter_t *self = (exporter_t *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    if (PyObject_GetBuffer(source, &self->held, readonly ? PyBUF_SIMPLE : PyBUF_WRITABLE) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    self->shape = self->held.len / itemsize;
    self->stride = itemsize;
    self->format[0] = format[0];
    self->readonly = readonly;
    return (PyObject *)self;
}

static void exporter_dealloc(exporter_t *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyBuffer_Release(&self->held);
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

static int exporter_getbuffer(exporter_t *self, Py_buffer *view, int flags) {
    if (self->readonly && (flags & PyBUF_WRITABLE) != 0) {
        view->obj = NULL;
        PyErr_SetString(PyExc_BufferError, "this tensor is constant: its bytes can't be written");
        return -1;
    }
    view->obj = (PyObject *)self;
    Py_INCREF(self);
    view->buf = self->held.buf;
    view->len = self->shape * self->stride;
    view->readonly = self->readonly;
    view->itemsize = self->stride;
    view->format = (flags & PyBUF_FORMAT) ? self->format : NULL;
    view->ndim = 1;
    view->shape = (flags & PyBUF_ND) ? &self->shape : NULL;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? &self->stride : NULL;
    view->suboffsets = NULL;
    view->internal = NULL;
    return 0;
}

static PyType_Slot exporter_slots[] = {
    { Py_tp_doc, "Exporter(buffer, format, readonly=False): the bytes of buffer as elements of one type." },
    { Py_tp_new, exporter_new },
    { Py_tp_dealloc, exporter_dealloc },
    { Py_bf_getbuffer, exporter_getbuffer },
    { 0, NULL },
};

static PyType_Spec exporter_spec = {
    .name = "arena8._buffer.Exporter",
    .basicsize = sizeof(exporter_t),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = exporter_slots,
};

// Runs the handlers of pending signals; raises what they raise.
static PyObject *check_signals(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    if (PyErr_CheckSignals() < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    { "check_signals", check_signals, METH_NOARGS, "Runs the handlers of pending signals." },
    { NULL, NULL, 0, NULL },
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "arena8._buffer",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__buffer(void) {
    PyObject *self = PyModule_Create(&module);
    PyObject *exporter = PyType_FromSpec(&exporter_spec);
    if (self == NULL || exporter == NULL || PyModule_AddObject(self, "Exporter", exporter) < 0) {
        Py_XDECREF(exporter);
        Py_XDECREF(self);
        return NULL;
    }
    return self;
}
