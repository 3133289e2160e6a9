"""Writes down one voice message with a sherpa-onnx model: `python -m bot.office.speech FOLDER < voice > {"text": …}`.

The product starts a process for each voice and gives it up when it takes too long; its death harms nothing. It needs
the optional part `speech` of this package. The folder holds a model as its makers ship it: SenseVoice or Paraformer
(model.onnx, tokens.txt), or a transducer (encoder, decoder, joiner, tokens.txt).
"""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

HERTZ = 16_000
MEMORY_BYTES, CPU_SECONDS = 4 << 30, 120
SHORTEST, LONGEST = 0.1, 600.0
"""Seconds of sound; what is shorter has no words in it, of what is longer the beginning is read."""


def main() -> None:
    """Reads the voice from standard input."""
    _limit()
    samples = sound(sys.stdin.buffer.read())
    text = ""
    if len(samples) >= SHORTEST * HERTZ:
        recognizer = recognizer_of(Path(sys.argv[1]))
        stream = recognizer.create_stream()
        stream.accept_waveform(HERTZ, samples)
        recognizer.decode_stream(stream)
        text = str(stream.result.text)
    sys.stdout.write(json.dumps({"text": text}))


def _limit() -> None:
    """Stays behind whatever else the machine has to do, and within bounds."""
    try:
        import resource
    except ImportError:  # Windows: the parent's patience is all there is
        return
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def sound(content: bytes) -> Any:
    """Decodes whatever phones record (Ogg, WebM, MP4) into mono samples of HERTZ, from -1 to 1."""
    import av
    import numpy

    resampler = av.AudioResampler(format="flt", layout="mono", rate=HERTZ)
    parts: list[Any] = []
    length = 0
    with av.open(io.BytesIO(content)) as container:
        for frame in container.decode(audio=0):
            fresh = [part.to_ndarray().reshape(-1) for part in resampler.resample(frame)]
            parts += fresh
            length += sum(map(len, fresh))
            if length > LONGEST * HERTZ:
                break
    parts += [part.to_ndarray().reshape(-1) for part in resampler.resample(None)]
    return numpy.concatenate(parts) if parts else numpy.zeros(0, dtype=numpy.float32)


def recognizer_of(folder: Path) -> Any:
    """Loads the model that the folder holds."""
    import sherpa_onnx

    kinds = sherpa_onnx.OfflineRecognizer
    tokens = str(folder / "tokens.txt")
    if encoder := part(folder, "encoder"):
        pieces = {"decoder": part(folder, "decoder"), "joiner": part(folder, "joiner")}
        return kinds.from_transducer(encoder=encoder, tokens=tokens, **pieces)
    model = part(folder, "model")
    if "paraformer" in folder.resolve().name:
        return kinds.from_paraformer(paraformer=model, tokens=tokens)
    return kinds.from_sense_voice(model=model, tokens=tokens, language="zh", use_itn=True)


def part(folder: Path, name: str) -> str:
    """Finds a file of the model, the small one (int8) first; empty where there is none."""
    found = sorted(folder.glob(f"{name}*.onnx"), key=lambda path: (".int8." not in path.name, path.name))
    return str(found[0]) if found else ""


if __name__ == "__main__":
    main()
