"""A model file, as far as its own header and its bytes tell."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.problems import Problem


class ModelFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an engine has loaded: None or "" where the file does not say.

    `name`, `architecture` and `quantisation` are the file's own words, made inert. `weight_count` counts the
    numbers in all its tensors, `trained_tokens` is the longest context it was trained for. The digest is ""
    where it was not computed yet.
    """

    file_name: str
    file_bytes: int
    sha256: str = ""
    architecture: str = ""
    name: str = ""
    quantisation: str = ""
    weight_count: int | None = None
    trained_tokens: int | None = None


class ModelOnDisk(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the model folder: `file`, or the `problem` that keeps it from being used.

    `network_indexes` are the numbers that the network has for it, as far as that can be told.
    """

    path: str
    file: ModelFile | None = None
    problem: Problem | None = None
    network_indexes: tuple[int, ...] = ()


class MemoryFit(msgspec.Struct, frozen=True, kw_only=True):
    """What a model takes with a context, of what is free now; None where the file does not say.

    `largest_context_tokens` is the largest context that would fit, None where none does. The context is
    shared by `slots` tasks at once, so their number takes no more. Where layers go to
    GPUs, `gpu_needed_bytes` of what is needed are taken there, of `gpu_free_bytes`; else both are None.
    """

    context_tokens: int | None
    weights_bytes: int
    kv_bytes: int | None
    kv_bytes_per_token: int | None
    working_bytes: int
    free_bytes: int
    largest_context_tokens: int | None
    slots: int = 1
    gpu_needed_bytes: int | None = None
    gpu_free_bytes: int | None = None

    @property
    def needed_bytes(self) -> int:
        """Return all that is known to be needed."""
        return self.weights_bytes + (self.kv_bytes or 0) + self.working_bytes

    @property
    def own_needed_bytes(self) -> int:
        """Return what of it is taken of the machine's own memory."""
        return self.needed_bytes - (self.gpu_needed_bytes or 0)

    @property
    def fits(self) -> bool:
        """Tell whether what is needed is free."""
        return self.own_needed_bytes <= self.free_bytes and (self.gpu_needed_bytes or 0) <= (
            self.gpu_free_bytes or 0
        )
