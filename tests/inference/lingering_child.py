"""A process in the engine's place that says no more and ends for nothing but force."""

from __future__ import annotations

import os
import threading

if __name__ == "__main__":
    os.close(1)
    threading.Event().wait()
