"""Line filters for terminals that show less: ASCII alone, no colors, or 256 of them."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.color import Color as TerminalColor
from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_BRIGHT_BLACK = 8
_FIRST_FIXED = 16
"""Of the 256 colors those below are the terminal's own, and may be anything."""
_SAME_WIDTH = {
    **dict.fromkeys("●◆", "*"),
    **dict.fromkeys("○◇", "o"),
    **dict.fromkeys("✖✗", "x"),
    **dict.fromkeys("✓✔", "v"),
    **dict.fromkeys("─━╌┄┈▔▁━", "-"),
    **dict.fromkeys("│┃╎┆┊▎▏▕▐▌║", "|"),
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼╔╗╚╝", "+"),
    **dict.fromkeys("→›▶▸»▷", ">"),
    **dict.fromkeys("←‹◀◂«◁", "<"),
    **dict.fromkeys("▲↑▴△", "^"),
    **dict.fromkeys("↓▼▾▽", "v"),
    **dict.fromkeys("–—−‑", "-"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("▀▄█▊▋▉■◼", "#"),
    **dict(zip("░▒▓▍", "=+%|", strict=True)),
    **dict.fromkeys("·•∙", "."),
    "…": "~",
    "×": "x",
    "≈": "~",
    "\xa0": " ",
    **dict(zip("▁▂▃▄▅▆▇█", "..::-=##", strict=True)),
    **{chr(0x2400 + code): "^" for code in range(0x22)},
}
"""What our own glyphs become; signs that only strangers write are not made into others that mean something
else. Eight heights of bars become four weights."""


@lru_cache(4096)
def in_ascii(text: str) -> str:
    """Return the text in ASCII, cell for cell; what has no likeness is "?" in each of its cells."""
    if text.isascii():
        return text
    return "".join(_in_ascii(character) for character in text)


def _in_ascii(character: str) -> str:
    if character.isascii():
        return character
    return _SAME_WIDTH.get(character) or "?" * get_character_cell_size(character)


class AsciiFilter(LineFilter):
    """Turns everything that is drawn into ASCII: our glyphs, Textual's borders, and foreign text."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in ASCII, as wide as they were, and without links."""
        return [Segment(in_ascii(text), _unlinked(style), control) for text, style, control in segments]


def _unlinked(style: Style | None) -> Style | None:
    return style if style is None or style.link is None else style.update_link(None)


class NoColorFilter(LineFilter):
    """Takes all colors away, and shows by reversing what a background of its own would have shown."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in the terminal's own two colors."""
        return [
            Segment(text, None if style is None else _colorless(style), control)
            for text, style, control in segments
        ]


@lru_cache(1024)
def _colorless(style: Style) -> Style:
    """Return a style without its colors; the `terminal` theme gives a background only to what stands out."""
    stands_out = style.bgcolor is not None and not style.bgcolor.is_default
    is_quiet = style.color is not None and style.color.number == _BRIGHT_BLACK
    return Style(
        bold=style.bold,
        dim=style.dim or is_quiet or None,
        italic=style.italic,
        underline=style.underline,
        reverse=bool(style.reverse) != stands_out or None,
        meta=style.meta or None,
    )


class EightBitFilter(LineFilter):
    """Gives each color the one of 256 that is nearest to it, greys too.

    Rich takes one of the cube of 216 for all that has any color, so night blue grounds become navy and teal.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in colors that the terminal has."""
        return [
            Segment(text, None if style is None else _in_eight_bits(style), control)
            for text, style, control in segments
        ]


@lru_cache(1024)
def _in_eight_bits(style: Style) -> Style:
    ink, paper = style.color, style.bgcolor
    return style + Style(color=ink and nearest_of_256(ink), bgcolor=paper and nearest_of_256(paper))


@lru_cache(1024)
def nearest_of_256(color: TerminalColor) -> TerminalColor:
    """Return the nearest of the 240 colors that are the same in all terminals; others stay as they are."""
    if color.type is not ColorType.TRUECOLOR or color.triplet is None:
        return color
    wanted = color.triplet
    return min(_FIXED, key=lambda one: _distance(one.get_truecolor(), wanted))


def _distance(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    return sum((mine - its) ** 2 for mine, its in zip(one, other, strict=True))


_FIXED = tuple(TerminalColor.from_ansi(number) for number in range(_FIRST_FIXED, 256))
