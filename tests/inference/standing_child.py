"""The engine process with one fault: it stands still after its third step, as in a driver."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Set

from cortensor_tui.inference.llama import child
from cortensor_tui.inference.llama.serving import Serving

STEPS = 3


class _Standing(Serving):
    _numbers = itertools.count(1)

    def step(self, cancelled: Callable[[], Set[int]] = frozenset) -> None:
        """Compute as it should, a few times."""
        if not self.is_idle and next(self._numbers) > STEPS:
            threading.Event().wait()
        super().step(cancelled)


if __name__ == "__main__":
    vars(child)["Serving"] = _Standing
    child.main(int(sys.argv[1]))
