# SPDX-License-Identifier: MIT
"""A voice that says "yes" and "no": a small formant synthesizer.

After D. Klatt, "Software for a cascade/parallel formant synthesizer", 1980.
"""

import numpy as np

RATE = 16000


def glide(n, *points):
    return np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(points)), points)


def faded(x, rise, fall):
    x = x.copy()
    x[:rise] *= np.linspace(0, 1, rise)
    x[-fall:] *= np.linspace(1, 0, fall)
    return x


def voiced(n, pitch, formants):
    """Pulses of the glottis through resonators side by side: (frequencies, bandwidth, gain) each."""
    pulses = np.diff(np.floor(np.cumsum(np.broadcast_to(pitch, n) / RATE)), prepend=0)
    t = np.arange(60)
    source = np.convolve(pulses, np.exp(-t / 12) * np.sin(t / 60 * np.pi))[:n]
    out = np.zeros(n)
    for frequencies, bandwidth, gain in formants:
        r = np.exp(-np.pi * bandwidth / RATE)
        poles = 2 * r * np.cos(2 * np.pi * np.broadcast_to(frequencies, n) / RATE)
        y1 = y2 = 0.0
        for i in range(n):
            y1, y2 = source[i] * (1 - r) + poles[i] * y1 - r * r * y2, y1
            out[i] += gain * y1
    return out


def hiss(rng, n):
    spectrum = np.fft.rfft(rng.normal(size=n))
    f = np.fft.rfftfreq(n, 1 / RATE)
    x = np.fft.irfft(
        spectrum * (np.exp(-(((f - 5500) / 1500) ** 2)) + 0.1 * np.exp(-(((f - 7000) / 1500) ** 2))), n
    )
    return faded(x / np.abs(x).max(), 600, 2000)


def no(rng, pitch):
    n, o = 1440, 6080
    nasal = voiced(n, pitch, [(260, 70, 1), (1100, 200, 0.15), (2300, 250, 0.08)])
    first, second = glide(o, 560, 560, 480, 380), glide(o, 1200, 1000, 900, 800)
    formants = [(first, 80, 1), (second, 90, 0.7), (2400, 120, 0.15), (3300, 200, 0.05)]
    return faded(np.concatenate([0.6 * nasal, voiced(o, glide(o, 1.1, 0.8) * pitch, formants)]), 400, 2500)


def yes(rng, pitch):
    y, e, s = 1600, 2720, 3520
    formants = [(280, 400, 550), (2250, 2100, 1850), (3000, 2700, 2550)]
    shapes = [(70, 1), (110, 0.6), (150, 0.3)]
    start = [(glide(y, *f), *shape) for f, shape in zip(formants, shapes, strict=True)]
    vowel = voiced(e, glide(e, 1, 0.9) * pitch, [(560, 80, 1), (1800, 100, 0.7), (2500, 140, 0.35)])
    voice = np.concatenate([0.8 * voiced(y, pitch, start), vowel])
    word = np.concatenate([faded(voice / np.abs(voice).max(), 600, 500), np.zeros(s - 300)])
    word[-s:] += 0.35 * hiss(rng, s)
    return word


def clip(rng, word, level=9000):
    """A second of sound with the word in it."""
    x = rng.normal(size=RATE) * 30
    x[4000 : 4000 + len(word)] += word / np.abs(word).max() * level
    return np.clip(np.round(x), -32768, 32767).astype(np.int16)
