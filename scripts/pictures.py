"""`make pictures`: draw every place of the real dashboard, on the demo's chain and node, for docs/screens/.

Each picture is Textual's own SVG export of the running program, without its fonts from the network. A page of
docs/screens/ that does not show its picture yet gets it below its title.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.places import PLACES, Place
from cortensor_tui.launch.setup.desk import SetupDesk
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.paths import socket_path

PAGES = Path(__file__).resolve().parents[1] / "docs" / "screens"
SIZE = (110, 32)
LIMIT_S = 240.0
LOOK_S = 0.2
SETTLE_S = 3.0
LEAST_TASKS = 6
STREAMED_TOKENS = 40
_FONT_FACES = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_FONTS = "font-family: Fira Code, "


async def draw_all(folder: Path) -> None:
    """Run the demo's world and the dashboard, and write a picture of each place."""
    world = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cortensor_tui.launch.demo_world", str(os.getpid()), str(folder)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    path = socket_path(folder / ".env")

    async def connect() -> NodeClient:
        return await NodeClient.connect(path)

    app = Dashboard(connect, make_setup=lambda: SetupDesk(folder / "new.env", {}))
    try:
        async with app.run_test(size=SIZE, notifications=True) as pilot:
            await _until(pilot, lambda: _answered(app) >= LEAST_TASKS, f"{LEAST_TASKS} answered tasks")
            for place in PLACES:
                await _draw(pilot, app, place)
    finally:
        world.terminate()
        await world.wait()


async def _draw(pilot: Pilot[None], app: Dashboard, place: Place) -> None:
    await pilot.press(place.key.partition(",")[0])
    await asyncio.sleep(SETTLE_S)
    if place is PLACES[0]:
        await _until(pilot, lambda: _is_streaming(app), "a run that streams")
        await asyncio.sleep(1.0)
    await pilot.pause()
    drawn = _FONT_FACES.sub("", app.export_screenshot(title="cortensor-tui", simplify=True))
    target = PAGES / f"{place.name}.svg"
    target.write_text(drawn.replace(_FONTS, "font-family: ") + "\n", encoding="utf-8")
    print(f"{target}: {target.stat().st_size // 1024} KiB")
    _show_in_page(place)


def _show_in_page(place: Place) -> None:
    page = PAGES / f"{place.name}.md"
    picture = f"![{place.title}: {place.summary.lower()}]({place.name}.svg)"
    if not page.exists():
        print(f"{page} is missing", file=sys.stderr)
        return
    text = page.read_text(encoding="utf-8")
    if f"({place.name}.svg)" not in text:
        title, _, rest = text.partition("\n")
        page.write_text(f"{title}\n\n{picture}\n{rest}", encoding="utf-8")


def _answered(app: Dashboard) -> int:
    return (app.view.status.answered_tasks or 0) if app.view else 0


def _is_streaming(app: Dashboard) -> bool:
    live = app.view.live if app.view else None
    return live is not None and live.finished is None and live.token_count >= STREAMED_TOKENS


async def _until(pilot: Pilot[None], holds: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                await pilot.pause(LOOK_S)
    except TimeoutError:
        raise SystemExit(f"pictures: there was never {what}") from None


def main() -> None:
    """Draw in surroundings of its own, so that nothing of this machine's user is in a picture."""
    with tempfile.TemporaryDirectory(prefix="cortensor-tui-demo-") as name:
        for key in [key for key in os.environ if key.startswith("CORTENSOR_TUI_")]:
            del os.environ[key]
        os.environ["XDG_RUNTIME_DIR"] = name
        asyncio.run(draw_all(Path(name)))


if __name__ == "__main__":
    main()
