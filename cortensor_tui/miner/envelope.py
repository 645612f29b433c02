"""What made an answer, put together from the run, its engine and the engine's model."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.envelope import Envelope, digest_of
from cortensor_tui.domain.inference import EngineHealth, Finished, Generation, SamplingParams


def envelope_of(
    generation: Generation, applied: SamplingParams, finished: Finished, health: EngineHealth
) -> Envelope:
    """Return all that is known of how a run's answer came about.

    `applied` are the parameters as they are stored with the task, `health` is the engine's while the run went
    on. An engine without facts tells nothing of its slots and of what it reused either, so that the defaults
    of `finished` are no knowledge. A server that is not ours may work for others at the same time: how many
    runs there were is not known, nor whether this one was alone, and its context only where it tells it.
    """
    facts, model = health.facts, health.model_file
    is_alone_known = health.is_ours or not generation.is_reproducible
    known = Envelope(
        engine=health.engine,
        seed=generation.seed,
        sampler_chain=finished.sampler_chain or None,
        is_reproducible=generation.is_reproducible if is_alone_known else None,
        prompt_sha256=digest_of(generation.messages),
        parameters_sha256=digest_of(applied),
        model_file=model.file_name if model else None,
        model_sha256=model.sha256 if model else None,
        context_tokens=health.context_tokens if health.is_ours else None,
    )
    if facts is None:
        return known
    return msgspec.structs.replace(
        known,
        build=facts.build or None,
        template_sha256=facts.template_sha256 or None,
        context_tokens=facts.context_tokens or known.context_tokens,
        batch_tokens=facts.batch_tokens,
        decode_threads=facts.decode_threads,
        prefill_threads=facts.prefill_threads,
        slots=facts.slots,
        slots_busy=finished.slots_busy if health.is_ours else None,
        reused_tokens=finished.reused_tokens,
        flash_attention=facts.flash_attention,
        kv_type=facts.kv_type or None,
        gpu_layers=facts.gpu_layers,
    )
