# SPDX-License-Identifier: MIT
"""A voice that says "yes", "no" and other syllables: a small formant synthesizer.

After D. Klatt, "Software for a cascade/parallel formant synthesizer", 1980. yes() and no() are one speaker
each pitch; Speaker varies everything, to train with.
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
        resonated = []
        for x, pole in zip((source * (1 - r)).tolist(), poles.tolist(), strict=True):
            y1, y2 = x + pole * y1 - r * r * y2, y1
            resonated.append(gain * y1)
        out += resonated
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


# Formants of English vowels in Hz (G. Peterson and H. Barney, 1952, men's averages), not those of the words.
VOWELS = [(270, 2290, 3010), (730, 1090, 2440), (300, 870, 2240), (490, 1350, 1690), (640, 1190, 2390)]
RISE = 200  # samples


class Speaker:
    """Somebody who never says a word twice alike: another throat, pitch, melody and pace."""

    def __init__(self, rng):
        self.rng = rng
        self.pitch = rng.uniform(85, 250)
        self.throat = rng.uniform(0.88, 1.0) + 0.15 * (self.pitch - 85) / 165  # formants go up with pitch
        self.pace = rng.uniform(0.75, 1.35)
        self.tilt = rng.uniform(0.5, 1.6)  # how strong the higher formants are

    def some(self, around, spread=0.15):
        return around * self.rng.uniform(1 - spread, 1 + spread)

    def samples(self, n):
        return int(self.some(n, 0.25) / self.pace)

    def voice(self, n, formants, bandwidths, gains):
        """formants: a list of points each, in Hz."""
        pitch = self.some(self.pitch) * glide(n, 1, self.some(0.95), self.some(0.85))
        return voiced(
            n,
            pitch,
            [
                (
                    glide(n, *(self.some(f, 0.06) * self.throat for f in points)),
                    self.some(b, 0.3),
                    self.some(g) * t,
                )
                for points, b, g, t in zip(
                    formants, bandwidths, gains, (1, self.tilt, self.tilt), strict=True
                )
            ],
        )

    def yes(self):
        first = [(280, 400, 550), (2250, 2100, 1850), (3000, 2700, 2550)]
        start = self.voice(self.samples(1600), first, (70, 110, 150), (0.8, 0.5, 0.25))
        vowel = self.voice(
            self.samples(2700), [(550, 560), (1840, 1780), (2500, 2500)], (80, 100, 140), (1, 0.7, 0.35)
        )
        voice = np.concatenate([start, vowel])
        return self.with_hiss(faded(voice / np.abs(voice).max(), 500, 500), self.samples(3500))

    def no(self):
        nasal = self.voice(
            self.samples(1500), [(260, 260), (1100, 1100), (2300, 2300)], (70, 200, 250), (0.6, 0.09, 0.05)
        )
        vowel = self.voice(
            self.samples(5500),
            [(560, 480, 380), (1150, 950, 800), (2400, 2400, 2400)],
            (80, 90, 120),
            (1, 0.7, 0.15),
        )
        return faded(np.concatenate([nasal, vowel]), 400, min(2500, len(vowel) // 2))

    def with_hiss(self, voice, n):
        n = max(n, 2700)
        word = np.concatenate([voice, np.zeros(n - 300)])
        word[-n:] += self.some(0.3, 0.5) * hiss(self.rng, n)
        return word

    def other(self):
        """One to three syllables of other vowels, some with a hiss before or after."""
        parts = []
        for _ in range(self.rng.integers(1, 4)):
            a, b = (VOWELS[i] for i in self.rng.integers(0, len(VOWELS), 2))
            syllable = self.voice(
                self.samples(3000), list(zip(a, b, strict=True)), (80, 100, 140), (1, 0.6, 0.3)
            )
            syllable = faded(syllable / np.abs(syllable).max(), RISE, 2 * RISE)
            kind = self.rng.integers(0, 4)
            if kind == 0:
                syllable = self.with_hiss(syllable, 2700)
            elif kind == 1:
                syllable = np.concatenate([0.3 * hiss(self.rng, 2700), syllable])
            parts.append(syllable)
        return np.concatenate(parts)[: RATE - 2000]


def room(rng, n):
    """What a microphone hears when nobody speaks: noise of some colour, perhaps a hum."""
    spectrum = np.fft.rfft(rng.normal(size=n)) * (1 + np.arange(n // 2 + 1)) ** -rng.uniform(0, 0.7)
    noise = np.fft.irfft(spectrum, n)
    noise *= np.exp(rng.uniform(np.log(3), np.log(300))) / noise.std()
    if rng.random() < 0.3:
        t = np.arange(n) / RATE
        noise += rng.uniform(5, 200) * np.sin(2 * np.pi * rng.uniform(45, 1500) * t)
    return noise


def say(rng, words, starts, seconds):
    """int16 samples of a room in which `words` (their samples) start at `starts` (seconds)."""
    x = room(rng, int(seconds * RATE))
    loud = np.exp(rng.uniform(np.log(2000), np.log(20000)))
    loud = max(loud, 8 * x.std())
    for word, start in zip(words, starts, strict=True):
        at = int(start * RATE)
        part = word[: len(x) - at]
        x[at : at + len(part)] += part / np.abs(word).max() * loud
    return np.clip(np.round(x), -32768, 32767).astype(np.int16)
