"""What the node and its engine process say to each other: length-prefixed MessagePack frames."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.inference import EngineFacts, Generation, GenerationEvent
from cortensor_tui.domain.problems import Problem

LENGTH_BYTES = 4
MAX_FRAME_BYTES = 16 * 1024 * 1024

# --- to the engine process -----------------------------------------------------------------------


class Load(msgspec.Struct, frozen=True, kw_only=True, tag="load"):
    """The first message. `context_tokens` 0 is what the model was trained for; `gpu_layers` -1 is all.

    `slots` is how many runs there may be at once; they share the context. Threads that are None are for the
    engine to choose: by what `thread_file` says of this model and machine, or by measuring, which it then
    says; without such a file, by a rule of thumb.
    """

    model_path: str
    context_tokens: int
    batch_tokens: int
    decode_threads: int | None
    prefill_threads: int | None
    gpu_layers: int
    is_locked: bool
    slots: int = 1
    checks_memory: bool = True
    thread_file: str = ""


class Generate(msgspec.Struct, frozen=True, kw_only=True, tag="generate"):
    """Run ids only grow."""

    run_id: int
    generation: Generation


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Ends the run of this id alone, also one that has not begun; nothing where it is over."""

    run_id: int


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Answered with a `Pong` at once, also in the middle of a run."""


ToChild = Load | Generate | Cancel | Ping

# --- from the engine process ---------------------------------------------------------------------


class Loading(msgspec.Struct, frozen=True, tag="loading"):
    progress: float


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """`facts` are what was made, which may differ from what was asked."""

    facts: EngineFacts


class LoadFailed(msgspec.Struct, frozen=True, tag="load_failed"):
    """The process ends after this."""

    problem: Problem


class RunEvents(msgspec.Struct, frozen=True):
    """Some milliseconds of a run, which is over where they end in `Finished`."""

    run_id: int
    events: tuple[GenerationEvent, ...]


class Streamed(msgspec.Struct, frozen=True, tag="streamed"):
    """The same milliseconds of all runs that have something to tell."""

    runs: tuple[RunEvents, ...]


class RunRefused(msgspec.Struct, frozen=True, tag="run_refused"):
    """The run is over; it gave no answer."""

    run_id: int
    problem: Problem


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The process still reads its messages. `signs` grows while it computes or reads its model."""

    signs: int
    is_idle: bool


FromChild = Loading | Ready | LoadFailed | Streamed | RunRefused | Pong


class FrameError(Exception):
    """A frame that no peer of ours sends: too long, or not the message expected."""


def encode_frame(message: ToChild | FromChild) -> bytes:
    """Return a message as length and body. Raises `FrameError` above `MAX_FRAME_BYTES`."""
    body = msgspec.msgpack.encode(message)
    if len(body) > MAX_FRAME_BYTES:
        raise FrameError(f"a message of {len(body)} bytes; the limit is {MAX_FRAME_BYTES}")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def body_length(prefix: bytes) -> int:
    """Read a frame's length. Raises `FrameError` above `MAX_FRAME_BYTES`, before anything is read."""
    length = int.from_bytes(prefix, "big")
    if length > MAX_FRAME_BYTES:
        raise FrameError(f"a message of {length} bytes announced; the limit is {MAX_FRAME_BYTES}")
    return length


def decode_to_child(body: bytes) -> ToChild:
    """Decode what the node sent. Raises `FrameError`."""
    try:
        return msgspec.msgpack.decode(body, type=ToChild)  # type: ignore[no-any-return]
    except msgspec.DecodeError as error:
        raise FrameError(str(error)) from error


def decode_from_child(body: bytes) -> FromChild:
    """Decode what the engine process sent. Raises `FrameError`."""
    try:
        return msgspec.msgpack.decode(body, type=FromChild)  # type: ignore[no-any-return]
    except msgspec.DecodeError as error:
        raise FrameError(str(error)) from error
