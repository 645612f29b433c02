"""SessionV2 and SessionQueueV2 in their three generations: signatures, calls, typed reads."""
