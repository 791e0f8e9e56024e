# SPDX-License-Identifier: MIT
# The standard variant without what needs a submodule or a library of the system.
FROZEN_MANIFEST =
MICROPY_PY_BTREE = 0
MICROPY_PY_FFI = 0
MICROPY_PY_SSL = 0
MICROPY_SSL_MBEDTLS = 0
MICROPY_PY_BLUETOOTH = 0
