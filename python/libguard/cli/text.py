"""Untrusted text on a terminal: what cannot be seen, or would change how its neighbours look, is shown as an escape."""

from __future__ import annotations

import unicodedata

# Cc, Cf: control, bidirectional and zero-width; Cs, Co, Cn: no character of anybody's; Zl, Zp: line breaks in disguise.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and variation selectors that are drawn as nothing at all.
_BLANK = frozenset({0x115F, 0x1160, 0x3164, 0xFFA0, 0x034F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)})


def visible(text: str) -> str:
    """One line of text without anything hidden; safe to give twice."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{{{ord(each):04X}}}" if _hidden(each) else each for each in text)


def shortened(text: str, characters_max: int) -> str:
    """Visible text in at most so many characters, with a sign that there is more."""
    shown = visible(" ".join(text.split()))
    return shown if len(shown) <= characters_max else shown[: characters_max - 3] + "..."


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or ord(character) in _BLANK
