# SPDX-License-Identifier: MIT
# Names come from the model's maker: a repr is one line of whole characters whatever they are.
import binascii

import arena8

# RELU int8 1x4; names: "x" with 30 times "\u00e9", and "a" with a new line and an escape sequence.
MODEL = binascii.a2b_base64(
    b"CAAAAFRGTDOa////FAAAABgAAAAoAAAALAAAAAMAAAABAAAALAAAAA8AAABidWlsdCBieSBhIHRlc3QAAQAAADwAAAABAAAAGAAA"
    b"AAQABAAEAAAADAAOAA0AAAAIAAQADAAAABMAAAABAAAAABMOABgAFAAQAAwACAAEAA4AAAAUAAAALAAAABgAAAAcAAAAVAAAAAQA"
    b"AABtYWluAAAAAAEAAAABAAAAAQAAAAAAAAABAAAAEAAAAAAACgAQAAwACAAEAAoAAAAMAAAAEAAAAAAAAAABAAAAAQAAAAEAAAAA"
    b"AAAAAgAAAGwAAAAEAAAAqv///xQAAAA0AAAAAAAAAAAAAAk0AAAAnP///wgAAAAUAAAAAQAAAAAAAAAAAAAAAAAAAAEAAADNzMw9"
    b"BwAAAGEKG1szMW0AAgAAAAEAAAAEAAAAAAAOABgAFAATAAwACAAEAA4AAAAgAAAAPAAAAAAAAAAAAAAJdAAAAAwADAAAAAAACAAE"
    b"AAwAAAAIAAAAEAAAAAEAAAAAAAAAAAAAAAEAAADNzMw9PQAAAHjDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nD"
    b"qcOpw6nDqcOpw6nDqcOpw6nDqcOpw6kAAAACAAAAAQAAAAQAAAA="
)

it = arena8.Interpreter(MODEL)
assert it.inputs[0].name == "x" + 30 * "\u00e9"
assert it.outputs[0].name == "a\n\x1b[31m"
text = repr(it.inputs[0])
assert text.startswith("<Tensor x" + 11 * "\u00e9" + " 1x4 int8"), text
assert str(text.encode(), "utf-8") == text
text = repr(it.outputs[0])
assert text.startswith("<Tensor a??[31m 1x4 int8"), text
print("OK")
