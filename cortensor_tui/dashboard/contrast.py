"""Whether the texts of a theme can be read: the contrast of each role with the grounds that it comes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual.color import Color

from cortensor_tui.dashboard.toml_file import TomlFile

LEAST_TEXT = 4.5
"""What WCAG 2 asks of text, as the ratio of the two luminances."""
LEAST_QUIET = 3.0
"""What it asks of large text and of what is no text: enough for text of less weight and for bars."""
_GROUNDS = ("background", "surface", "panel")
_STATES = ("success", "warning", "error", "accent")
_RULES = (
    *((role, _GROUNDS, LEAST_TEXT) for role in ("foreground", *_STATES)),
    ("foreground", ("cursor",), LEAST_TEXT),
    *((role, ("cursor",), LEAST_QUIET) for role in _STATES),
    ("muted", (*_GROUNDS, "cursor"), LEAST_QUIET),
    ("secondary", ("background",), LEAST_QUIET),
)


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two colors as WCAG 2 has it, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def contrast_faults(file: TomlFile, colors: Mapping[str, str]) -> list[str]:
    """Return a sentence for the role that is read worst, with line and ground, and how many more there are.

    None where every role can be read. What the terminal's own colors are nobody knows here, so they pass.
    """
    poor = sorted(_poor(colors))
    if not poor:
        return []
    _, role, what = poor[0]
    more = f"; and {len(poor) - 1} more like it" if len(poor) > 1 else ""
    return [file.fault(f"colors.{role}", what + more)]


def _poor(colors: Mapping[str, str]) -> Iterator[tuple[float, str, str]]:
    """Yield which part of the least contrast a role has, the role, and what is to be said."""
    known = {role: Color.parse(value) for role, value in colors.items()}
    for role, grounds, least in _RULES:
        seen = [ground for ground in grounds if known[ground].ansi is None]
        if known[role].ansi is not None or not seen:
            continue
        ratio, ground = min((contrast(known[role], known[ground]), ground) for ground in seen)
        if ratio < least:
            yield (
                ratio / least,
                role,
                f"{role} can hardly be read on {ground}: contrast {ratio:.1f}, at least {least:g} is needed",
            )


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part / 255) for part in color.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
