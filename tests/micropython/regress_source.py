# SPDX-License-Identifier: MIT
# A str is never parsed as model bytes, nor is an object of a class made from it.
import arena8


class Name(str):
    pass


for text in ("digits", "0123TFL3 and more"):
    try:
        arena8.Model(Name(text))
    except TypeError as e:
        assert "not Name" in str(e), e
    else:
        raise AssertionError("nothing raised")
print("OK")
