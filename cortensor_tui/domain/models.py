"""A model file, as far as its own header and its bytes tell."""

from __future__ import annotations

import msgspec


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
