# SPDX-License-Identifier: MIT
"""One module a verb of the command."""
