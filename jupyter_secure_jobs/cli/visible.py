"""Texts of others on a terminal: what could act on it, or read as something else, is shown as what it is."""

from __future__ import annotations


def visible(text: str) -> str:
    """Return a text with control and text-direction characters written as their numbers."""
    # Control characters, and those that change the direction of text, would let code read as other code.
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\u{ord(c):04x}" for c in text)


def one_line(text: str) -> str:
    """Return a text that stands within a line of ours and must not begin one of its own."""
    return visible(text).replace("\n", "\\n")
