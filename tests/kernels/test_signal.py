# SPDX-License-Identifier: MIT
"""The audio front end without its FFTs, against the reference, to the bit.

Where the reference leaves memory as it is (frames that are not complete yet, energies outside of the range),
outputs here are 0; only what it writes is compared with it.
"""

import numpy as np
import pytest
from differential import (
    DATA,
    MODEL,
    UNSUPPORTED,
    Case,
    Failure,
    cases_wanted,
    check,
    check_refused,
    run_engine,
    run_reference,
    values,
)
from model_builder import ModelBuilder
from signal_models import model

N = cases_wanted(200)


def constant_or_not(rng, x):
    """An input of a node, and what an invoke gives for it."""
    return ((x,), []) if rng.random() < 0.5 else (x, [x])


def magnitudes(rng, n, dtype, bits):
    """Unsigned values of all sizes, with the extremes."""
    x = rng.integers(0, 2**bits, n, dtype=np.uint64, endpoint=False) >> rng.integers(
        0, bits, n, dtype=np.uint64
    )
    edges = np.array([0, 1, 2, 3, 2**bits - 1, 2 ** (bits - 1), 2 ** (bits // 2) - 1], np.uint64)
    return np.where(rng.random(n) < 0.15, rng.choice(edges, n), x).astype(dtype)


# ---- Samples --------------------------------------------------------------------


def test_window(program):
    rng = np.random.default_rng(40)
    cases = []
    for i in range(N):
        width = int(rng.integers(1, 70)) if i % 20 else 5000
        shape = [(width,), (1, width), (3, width), (2, 2, 2 * width)][i % 4]
        x, weights = values(rng, shape, np.int16), values(rng, (width,), np.int16)
        shift = int(rng.integers(0, 32)) if i % 2 else 12
        x_given, x_invoke = constant_or_not(rng, x) if i % 3 == 0 else (x, [x])
        w_given, w_invoke = constant_or_not(rng, weights)
        if not x_invoke + w_invoke:
            x_given, x_invoke = x, [x]
        m = model("SignalWindow", [x_given, w_given], [(shape, np.int16)], shift=shift)
        cases.append(Case(m, [x_invoke + w_invoke], f"window {shape} {shift}", dtype=np.int16))
    outputs = check(program, cases)
    assert sum(len(np.unique(got)) > 10 for got in outputs) > N // 3


def test_auto_scale(program):
    """Also with the value that has no magnitude of 16 bits, wherever it stands."""
    rng = np.random.default_rng(41)
    cases = []
    for i in range(N):
        n = int(rng.integers(1, 64)) if i % 20 else 5000
        x = values(rng, (n,), np.int16)
        if i % 3:
            x = x >> np.int16(i % 16)
        if i % 5 == 0:
            x[rng.integers(0, n, 2)] = -32768
        if i % 10 == 0:  # what follows the last -32768 sets the maximum
            x[:] = np.where(np.arange(n) < n // 2, -32768, -1 - np.arange(n) % 7)
        m = model("SignalFftAutoScale", [x], [((n,), np.int16), ((), np.int32)])
        cases.append(Case(m, [[x]], f"auto scale {x}", dtype=np.int16, outputs=2))
    outputs = check(program, cases)
    assert len({int(got[-2]) for got in outputs}) > 12


def test_energy(program):
    rng = np.random.default_rng(42)
    cases = []
    for i in range(N):
        bins = int(rng.integers(1, 260)) if i % 20 else 5000
        x = values(rng, (2 * bins,), np.int16)
        if i % 10 == 0:
            x[:] = -32768
        end = int(rng.integers(1, bins + 1))
        start = int(rng.integers(0, end))
        m = model("SignalEnergy", [x], [((bins,), np.uint32)], start_index=start, end_index=end)
        wide = x.astype(np.int64).reshape(-1, 2)
        expected = np.where((np.arange(bins) >= start) & (np.arange(bins) < end), (wide**2).sum(1), 0)
        reference = np.frombuffer(run_reference(m, [[x]]), np.uint32)
        assert np.array_equal(reference[start:end], expected[start:end])
        note = f"energy {bins} {start} {end}"
        cases.append(Case(m, [[x]], note, expected.astype(np.uint32).tobytes(), False, dtype=np.uint32))
    check(program, cases)


# ---- Filter bank ------------------------------------------------------------------


def a_bank(rng, energies, channels, **changes):
    """Inputs of a filter bank behind the energies."""
    widths = rng.integers(-1, energies + 1 if energies < 50 else 50, channels + 1)
    weights = int(rng.integers(max(1, widths.max()), 200))
    starts = [rng.integers(0, energies - max(w, 0) + 1) for w in widths]
    weight_starts = [rng.integers(0, weights - max(w, 0) + 1) for w in widths]
    bank = {
        "weights": values(rng, (weights,), np.int16),
        "unweights": values(rng, (weights,), np.int16),
        "starts": np.array(starts, np.int16),
        "weight_starts": np.array(weight_starts, np.int16),
        "widths": widths.astype(np.int16),
    } | changes
    return list(bank.values())


def test_filter_bank(program):
    rng = np.random.default_rng(43)
    cases = []
    for i in range(N):
        energies, channels = int(rng.integers(1, 130)), int(rng.integers(1, 41))
        x = magnitudes(rng, energies, np.uint32, 32)
        inputs, invoke = [x], [x]
        for part in a_bank(rng, energies, channels):
            given, needed = constant_or_not(rng, part) if i % 2 else ((part,), [])
            inputs.append(given)
            invoke += needed
        m = model("SignalFilterBank", inputs, [((channels,), np.uint64)], num_channels=channels)
        cases.append(Case(m, [invoke], f"filter bank {energies} {channels}", dtype=np.uint64))
    outputs = check(program, cases)
    assert sum(got.max() > 2**32 for got in outputs) > N // 2


def test_filter_bank_of_wrong_data(program):
    """Starts and widths are data: eval refuses those that lead out of the inputs."""
    rng = np.random.default_rng(44)
    x = np.ones(20, np.uint32)
    zeros, short = np.zeros(3, np.int16), np.full(3, 2, np.int16)
    far = np.array([0, 19, 0], np.int16)
    negative = np.array([0, 0, -1], np.int16)
    seven = np.full(7, 1, np.int16)
    long = np.array([2, 32767, 2], np.int16)
    wrong = [
        a_bank(rng, 20, 2, weights=seven, unweights=seven, starts=far, weight_starts=zeros, widths=short),
        a_bank(
            rng, 20, 2, weights=seven, unweights=seven, starts=negative, weight_starts=zeros, widths=short
        ),
        a_bank(rng, 20, 2, weights=seven, unweights=seven, starts=zeros, weight_starts=far, widths=short),
        a_bank(
            rng, 20, 2, weights=seven, unweights=seven, starts=zeros, weight_starts=negative, widths=short
        ),
        a_bank(rng, 20, 2, weights=seven, unweights=seven, starts=zeros, weight_starts=zeros, widths=long),
        a_bank(
            rng, 20, 2, weights=seven, unweights=seven[:1], starts=zeros, weight_starts=zeros, widths=short
        ),
    ]
    cases = []
    for bank in wrong:
        constant = model("SignalFilterBank", [x, *[(b,) for b in bank]], [((2,), np.uint64)], num_channels=2)
        cases.append((constant, [[x]]))
        computed = model("SignalFilterBank", [x, *bank], [((2,), np.uint64)], num_channels=2)
        cases.append((computed, [[x, *bank]]))
    for failure in run_engine(program, cases):
        assert isinstance(failure, Failure) and failure.code == DATA, failure
        assert "are not" in failure.message


def test_square_root(program):
    rng = np.random.default_rng(45)
    cases = []
    for i in range(N):
        n = int(rng.integers(1, 100))
        x = magnitudes(rng, n, np.uint64, 64)
        if i % 4 == 0:  # squares and their neighbours, where rounding turns
            roots = rng.integers(0, 2**32, n, dtype=np.uint64) >> rng.integers(0, 32, n, dtype=np.uint64)
            x = roots * roots + rng.integers(0, 3, n, dtype=np.uint64) * roots
            x = x + rng.integers(0, 3, n, dtype=np.uint64)
        bits = np.array(rng.integers(0, 16), np.int32)
        given, needed = constant_or_not(rng, bits)
        m = model("SignalFilterBankSquareRoot", [x, given], [((n,), np.uint32)])
        cases.append(Case(m, [[x, *needed]], f"square root {n} {bits}", dtype=np.uint32))
    check(program, cases)


def test_any_scale_bits(program):
    """They are data: the shift stays defined, as on the processors that take its low five bits."""
    x = np.full(3, 2**60, np.uint64)
    m = model("SignalFilterBankSquareRoot", [x, np.array(0, np.int32)], [((3,), np.uint32)])
    invokes = [[x, np.array(bits, np.int32)] for bits in [-1, 32, 33, 2**31 - 1, -(2**31)]]
    expected = [np.full(3, 2**30 >> (int(bits) & 31), np.uint32).tobytes() for _, bits in invokes]
    check(program, [Case(m, invokes, "shifts", b"".join(expected), False, dtype=np.uint32)])


# ---- Channels -----------------------------------------------------------------------


def subtraction(n, i, rng):
    bits = 14 if i % 2 else int(rng.integers(0, 32))
    return {
        "alternate_one_minus_smoothing": int(rng.integers(0, 2**14 + 1)),
        "alternate_smoothing": int(rng.integers(0, 2**14 + 1)),
        "clamping": bool(i % 3),
        "min_signal_remaining": int(rng.integers(0, 2 ** int(rng.integers(1, 16)))),
        "num_channels": n,
        "one_minus_smoothing": int(rng.integers(0, 2**14 + 1)),
        "smoothing": int(rng.integers(0, 2**14 + 1)) if i % 5 else 2**31 - 1,
        "smoothing_bits": int(rng.integers(0, 16)),
        "spectral_subtraction_bits": bits,
    }


def test_spectral_subtraction(program):
    """The noise is estimated from invoke to invoke."""
    rng = np.random.default_rng(46)
    cases = []
    for i in range(N):
        n = int(rng.integers(1, 50))
        bits = 32 if i % 4 == 0 else 16
        invokes = [[magnitudes(rng, n, np.uint32, bits)] for _ in range(int(rng.integers(1, 8)))]
        chosen = subtraction(n, i, rng)
        m = model(
            "SignalFilterBankSpectralSubtraction",
            invokes[0],
            [((n,), np.uint32), ((n,), np.uint32)],
            **chosen,
        )
        cases.append(Case(m, invokes, f"subtraction {chosen}", dtype=np.uint32, outputs=2))
    outputs = check(program, cases)
    assert sum(len(np.unique(got)) > 5 for got in outputs) > N // 2


def test_pcan(program):
    rng = np.random.default_rng(47)
    cases = []
    for i in range(N):
        n = int(rng.integers(1, 60))
        x, noise = magnitudes(rng, n, np.uint32, 32), magnitudes(rng, n, np.uint32, 32)
        gains = values(rng, (125 + i % 3,), np.int16) >> np.int16(i % 6)
        shift = int(rng.integers(0, 33))
        x_given, x_needed = constant_or_not(rng, x)
        gains_given, gains_needed = constant_or_not(rng, gains)
        m = model("SignalPCAN", [x_given, noise, gains_given], [((n,), np.uint32)], snr_shift=shift)
        cases.append(Case(m, [[*x_needed, noise, *gains_needed]], f"pcan {n} {shift} {i}", dtype=np.uint32))
    outputs = check(program, cases)
    assert sum(len(np.unique(got)) > 5 for got in outputs) > N // 2


def test_log(program):
    rng = np.random.default_rng(48)
    cases = []
    for i in range(N):
        n = int(rng.integers(1, 200))
        x = magnitudes(rng, n, np.uint32, 32)
        scale = int(rng.choice([1600, 1, 65536, rng.integers(0, 2**17), rng.integers(-(2**31), 2**31)]))
        bits = int(rng.choice([0, 3, rng.integers(0, 32)]))
        given, needed = constant_or_not(rng, x) if i % 2 == 0 else (x, [x])
        if not needed:
            given, needed = x, [x]
        m = model(
            "SignalFilterBankLog", [given], [((n,), np.int16)], input_correction_bits=bits, output_scale=scale
        )
        cases.append(Case(m, [needed], f"log {bits} {scale}", dtype=np.int16))
    outputs = check(program, cases)
    assert sum(len(np.unique(got)) > 5 for got in outputs) > N // 4


def test_log_of_all_segments(program):
    x = np.concatenate([np.arange(0, 70000, 7), 2 ** np.arange(32), 2 ** np.arange(1, 33) - 1]).astype(
        np.uint32
    )
    m = model("SignalFilterBankLog", [x], [(x.shape, np.int16)], input_correction_bits=0, output_scale=1600)
    check(program, [Case(m, [[x]], "log", dtype=np.int16)])


# ---- Streams ------------------------------------------------------------------------


def check_stream(program, cases):
    """cases: (model, invokes, outputs of each invoke, where the reference writes the first one, note)."""
    whole = []
    for m, invokes, expected, written, note in cases:
        data = b"".join(x.tobytes() for outputs in expected for x in outputs)
        whole.append(Case(m, invokes, note, data, False))
        reference, at = run_reference(m, invokes, len(expected[0])), 0
        for outputs, mask in zip(expected, written, strict=True):
            for k, x in enumerate(outputs):
                got = np.frombuffer(reference[at : at + x.nbytes], x.dtype).reshape(x.shape)
                at += x.nbytes
                keep = mask if k == 0 else np.ones(x.shape, bool)
                assert np.array_equal(got[keep], x[keep]), f"{note}: the formula differs from the reference"
        assert at == len(reference)
    check(program, whole)


def framed(rows, size, step, prefill):
    """Frames of a whole stream, (outer, frames, size), and which of them are whole."""
    outer, n = rows.shape
    before = size - step if prefill else 0
    stream = np.concatenate([np.zeros((outer, before), rows.dtype), rows], 1)
    frames = np.zeros((outer, n // step, size), rows.dtype)
    whole, start, end = np.zeros(n // step, bool), 0, before
    for k in range(n // step):
        end += step
        if end - start >= size:
            frames[:, k] = stream[:, start : start + size]
            start += step
            whole[k] = True
    return frames, whole


def test_framer(program):
    rng = np.random.default_rng(49)
    cases = []
    for i in range(N):
        step, size = int(rng.integers(1, 20)), int(rng.integers(1, 60))
        prefill = bool(i % 2)
        if prefill:
            size = max(size, step)
        per_invoke, invokes = int(rng.integers(1, 4)), int(rng.integers(2, 9))
        outer = [(), (1,), (2,), (2, 3)][i % 4]
        rows = int(np.prod(outer, dtype=int))
        stream = rng.integers(-32768, 32768, (rows, invokes * per_invoke * step)).astype(np.int16)
        frames, whole = framed(stream, size, step, prefill)
        inputs, outputs, written = [], [], []
        for k in range(invokes):
            part = slice(k * per_invoke, (k + 1) * per_invoke)
            taken = stream[:, k * per_invoke * step : (k + 1) * per_invoke * step]
            inputs.append([taken.reshape(*outer, per_invoke * step)])
            outputs.append([frames[:, part].reshape(*outer, per_invoke, size), np.array(whole[part].all())])
            mask = np.broadcast_to(whole[part][None, :, None], (rows, per_invoke, size))
            written.append(mask.reshape(*outer, per_invoke, size))
        m = model(
            "SignalFramer",
            inputs[0],
            [(outputs[0][0].shape, np.int16), ((), np.bool_)],
            frame_size=size,
            frame_step=step,
            prefill=prefill,
        )
        cases.append((m, inputs, outputs, written, f"framer {size} {step} {prefill} {outer} {per_invoke}"))
    check_stream(program, cases)


def test_stacker(program):
    rng = np.random.default_rng(50)
    cases = []
    for _ in range(N):
        channels = int(rng.integers(1, 20))
        left, right = int(rng.integers(0, 5)), int(rng.integers(0, 5))
        depth = left + right + 1
        step = int(rng.integers(1, depth + 1))
        inputs, outputs, written, waiting = [], [], [], []
        for k in range(int(rng.integers(2, 14))):
            x = rng.integers(-32768, 32768, channels).astype(np.int16)
            waiting += [x] * (1 + left if k == 0 else 1)
            valid = len(waiting) == depth
            y = np.concatenate(waiting) if valid else np.zeros(depth * channels, np.int16)
            if valid:
                waiting = waiting[step:]
            inputs.append([x])
            outputs.append([y, np.array(valid)])
            written.append(np.full(y.shape, valid))
        m = model(
            "SignalStacker",
            inputs[0],
            [((depth * channels,), np.int16), ((), np.bool_)],
            num_channels=channels,
            stacker_left_context=left,
            stacker_right_context=right,
            stacker_step=step,
        )
        cases.append((m, inputs, outputs, written, f"stacker {channels} {left} {right} {step}"))
    check_stream(program, cases)


def test_delay(program):
    rng = np.random.default_rng(51)
    cases = []
    for i in range(N):
        shape = [(7,), (1, 16), (3, 5), (2, 2, 9), (1,)][i % 5]
        length = int(rng.choice([0, 1, shape[-1], rng.integers(0, 60)]))
        invokes = [[values(rng, shape, np.int16)] for _ in range(int(rng.integers(1, 9)))]
        m = model("SignalDelay", invokes[0], [(shape, np.int16)], delay_length=length)
        cases.append(Case(m, invokes, f"delay {shape} {length}", dtype=np.int16))
    check(program, cases)


@pytest.mark.parametrize("dtype", [np.int16, np.float32], ids=["int16", "float32"])
def test_overlap_add(program, dtype):
    rng = np.random.default_rng(52)
    cases = []
    for i in range(N):
        size, frames = int(rng.integers(1, 40)), int(rng.integers(1, 5))
        step = int(rng.integers(1, size + 1)) if i % 10 else size
        outer = [(), (1,), (3,), (2, 2)][i % 4]
        shape = (*outer, frames, size)
        invokes = []
        for _ in range(int(rng.integers(1, 6))):
            x = values(rng, shape, np.int16)
            if dtype == np.float32:
                x = np.where(
                    rng.random(shape) < 0.1, np.float32(-0.0), (x * rng.normal(size=shape)).astype(dtype)
                )
            invokes.append([x.astype(dtype)])
        m = model(
            "SignalOverlapAdd",
            invokes[0],
            [((*outer, frames * step), dtype)],
            T=7 if dtype == np.int16 else 0,
            frame_step=step,
        )
        cases.append(Case(m, invokes, f"overlap add {shape} {step}", dtype=dtype))
    check(program, cases)


def test_polls(program):
    """Long operators look for a stop at least every 16 KB."""
    cases = []
    n = 100_000
    x = np.zeros((1, n), np.int16)
    u32, u64 = np.zeros(n, np.uint32), np.zeros(n, np.uint64)
    cases.append((model("SignalWindow", [x, (x[0],)], [(x.shape, np.int16)], shift=1), [[x]]))
    cases.append((model("SignalFftAutoScale", [x[0]], [((n,), np.int16), ((), np.int32)]), [[x[0]]]))
    cases.append(
        (model("SignalEnergy", [x[0]], [((n // 2,), np.uint32)], start_index=0, end_index=n // 2), [[x[0]]])
    )
    cases.append((model("SignalFilterBankSquareRoot", [u64, (np.int32(0),)], [((n,), np.uint32)]), [[u64]]))
    cases.append(
        (
            model("SignalFilterBankLog", [u32], [((n,), np.int16)], input_correction_bits=0, output_scale=1),
            [[u32]],
        )
    )
    cases.append((model("SignalDelay", [x], [(x.shape, np.int16)], delay_length=5), [[x]]))
    polls = []
    run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls[:5]) >= 50_000 // 4096, polls


# ---- What must be refused --------------------------------------------------------------

X = np.zeros(8, np.int16)
U = np.zeros(4, np.uint32)
OUT = ((8,), np.int16)
VALID = ((), np.bool_)
SUBTRACTION = subtraction(4, 1, np.random.default_rng(1))
FRAMER = {"frame_size": 6, "frame_step": 4, "prefill": False}
STACKER = {"num_channels": 8, "stacker_left_context": 1, "stacker_right_context": 1, "stacker_step": 1}


def refuse_subtraction(x=U, shapes=((4,), (4,)), **changes):
    outputs = [(shape, np.uint32) for shape in shapes]
    return model("SignalFilterBankSpectralSubtraction", [x], outputs, **SUBTRACTION | changes)


def refuse_framer(x=X, shape=(2, 6), **changes):
    return model("SignalFramer", [x], [(shape, np.int16), VALID], **FRAMER | changes)


def refuse_stacker(x=X, n=24, **changes):
    return model("SignalStacker", [x], [((n,), np.int16), VALID], **STACKER | changes)


def refuse_overlap_add(x=np.zeros((2, 8), np.int16), shape=(8,), **changes):  # noqa: B008
    return model("SignalOverlapAdd", [x], [(shape, x.dtype)], **{"T": 7, "frame_step": 4} | changes)


def refuse_bank(n=4, starts=5, channels=4, dtype=np.int16):
    s = np.zeros(starts, dtype)
    return model("SignalFilterBank", [U, s, s, s, s, s], [((n,), np.uint64)], num_channels=channels)


def no_options():
    m = ModelBuilder()
    x, w, y = m.tensor((8,), "int16"), m.constant(X), m.tensor((8,), "int16")
    m.node("CUSTOM", [x, w], [y], custom_code="SignalWindow")
    return m.build([x], [y])


REFUSED = [
    (model("SignalWindow", [X], [OUT], shift=1), MODEL, "number of inputs", 2, 1),
    (model("SignalWindow", [X, X], [OUT, OUT], shift=1), MODEL, "number of outputs", 1, 2),
    (model("SignalWindow", [X, X[:3]], [OUT], shift=1), MODEL, "whole number of times", 8, 3),
    (model("SignalWindow", [X, X.reshape(2, 4)], [OUT], shift=1), MODEL, "rank", 1, 2),
    (model("SignalWindow", [X, X], [((9,), np.int16)], shift=1), MODEL, "as many elements", 8, 9),
    (model("SignalWindow", [X, X], [((8,), np.int32)], shift=1), UNSUPPORTED, "another type", 7, 2),
    (model("SignalWindow", [X, X], [OUT], shift=-1), UNSUPPORTED, "out of range", 0, -1),
    (model("SignalWindow", [X, X], [OUT], shift=32), UNSUPPORTED, "out of range", 31, 32),
    (model("SignalWindow", [X, X], [OUT], shif=3), MODEL, "not there", None, None),
    (no_options(), MODEL, "not there", None, None),
    (model("SignalWindow", [U, X], [OUT], shift=1), UNSUPPORTED, "element type", None, 15),
    (model("SignalFftAutoScale", [X], [OUT, ((1,), np.int32)]), MODEL, "rank", 0, 1),
    (model("SignalFftAutoScale", [X], [((7,), np.int16), ((), np.int32)]), MODEL, "as many", 8, 7),
    (model("SignalEnergy", [X], [((4,), np.uint32)], start_index=0, end_index=5), UNSUPPORTED, "range", 4, 5),
    (model("SignalEnergy", [X], [((9,), np.uint32)], start_index=0, end_index=5), UNSUPPORTED, "range", 4, 5),
    (model("SignalEnergy", [X], [((4,), np.uint32)], start_index=3, end_index=2), UNSUPPORTED, "range", 2, 3),
    (model("SignalEnergy", [X], [((4,), np.uint32)], start_index=-1, end_index=2),
     UNSUPPORTED, "range", 0, -1),
    (refuse_bank(starts=4), MODEL, "start and a width", 5, 4),
    (refuse_bank(n=5), MODEL, "as many", 4, 5),
    (refuse_bank(channels=0), UNSUPPORTED, "out of range", 1, 0),
    (refuse_bank(dtype=np.int32), UNSUPPORTED, "another type", 7, 2),
    (model("SignalFilterBankSquareRoot", [np.zeros(4, np.uint64), U[:1]], [((4,), np.uint32)]),
     UNSUPPORTED, "another type", 2, 15),
    (model("SignalFilterBankSquareRoot", [np.zeros(4, np.uint64), np.int32(0)], [((3,), np.uint32)]),
     MODEL, "as many", 4, 3),
    (refuse_subtraction(num_channels=5), MODEL, "as many", 5, 4),
    (refuse_subtraction(shapes=((5,), (4,))), MODEL, "as many", 4, 5),
    (refuse_subtraction(shapes=((4,), (5,))), MODEL, "as many", 4, 5),
    (refuse_subtraction(smoothing_bits=32), UNSUPPORTED, "out of range", 31, 32),
    (refuse_subtraction(spectral_subtraction_bits=64), UNSUPPORTED, "out of range", 63, 64),
    (refuse_subtraction(smoothing=-1), UNSUPPORTED, "out of range", 0, -1),
    (model("SignalPCAN", [U, U, np.zeros(124, np.int16)], [((4,), np.uint32)], snr_shift=6),
     UNSUPPORTED, "table of gains", 125, 124),
    (model("SignalPCAN", [U, U[:3], np.zeros(125, np.int16)], [((4,), np.uint32)], snr_shift=6),
     MODEL, "as many", 4, 3),
    (model("SignalPCAN", [U, U, np.zeros(125, np.int16)], [((4,), np.uint32)], snr_shift=64),
     UNSUPPORTED, "out of range", 63, 64),
    (model("SignalFilterBankLog", [U], [((4,), np.int16)], input_correction_bits=32, output_scale=1),
     UNSUPPORTED, "out of range", 31, 32),
    (model("SignalFilterBankLog", [U], [((5,), np.int16)], input_correction_bits=3, output_scale=1),
     MODEL, "as many", 4, 5),
    (refuse_framer(frame_step=3), MODEL, "whole number of frame steps", 8, 3),
    (refuse_framer(frame_step=0), UNSUPPORTED, "out of range", 1, 0),
    (refuse_framer(frame_step=16), UNSUPPORTED, "out of range", 8, 16),
    (refuse_framer(frame_size=3, shape=(2, 3), prefill=True), UNSUPPORTED, "prefill", 4, 3),
    (refuse_framer(shape=(2, 5)), MODEL, "as many", 12, 10),
    (refuse_framer(shape=(12,)), MODEL, "rank", 2, 1),
    (refuse_framer(frame_size=2**31 - 1), UNSUPPORTED, "out of range", 2**29 - 1, 2**31 - 1),
    (refuse_stacker(stacker_step=4), UNSUPPORTED, "out of range", 3, 4),
    (refuse_stacker(stacker_step=0), UNSUPPORTED, "out of range", 1, 0),
    (refuse_stacker(num_channels=7), MODEL, "as many", 7, 8),
    (refuse_stacker(n=16), MODEL, "as many", 24, 16),
    (refuse_stacker(stacker_left_context=2**29 - 1, stacker_right_context=2**29 - 1), MODEL, "as many",
     2**31 - 1, 24),
    (model("SignalDelay", [X], [OUT], delay_length=-1), UNSUPPORTED, "out of range", 0, -1),
    (model("SignalDelay", [X], [((9,), np.int16)], delay_length=1), MODEL, "as many", 8, 9),
    (refuse_overlap_add(frame_step=9), UNSUPPORTED, "out of range", 8, 9),
    (refuse_overlap_add(T=0), MODEL, "option T", 7, 0),
    (refuse_overlap_add(shape=(9,)), MODEL, "as many", 8, 9),
    (refuse_overlap_add(x=X), MODEL, "no frames", 2, 1),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
