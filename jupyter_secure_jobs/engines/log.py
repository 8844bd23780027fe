"""The run's log: what the accepted log policy lets out, made harmless to look at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jupyter_secure_jobs.engines.spec import LogPolicy

# C0 without tab and newline, C1, the characters that reorder or hide text on screen, and halves of characters, which
# UTF-8 cannot write.
_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
EPILOGUE_BYTES: Final = 4096


def neutral(text: str) -> str:
    r"""Return `text` with control and direction characters written out, such as \x1b; line ends become \n."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text.replace("\r\n", "\n"))


def failure_line(error_class: str, line: int | None) -> str:
    """Return the one line that every log policy lets out."""
    return f"Failed: {error_class} at line {line}." if line is not None else f"Failed: {error_class}."


def compose(
    printed: bytes, *, policy: LogPolicy, most: int, error_class: str | None, line: int | None, message: str
) -> tuple[bytes, bool]:
    """Return the log as UTF-8, and whether everything fitted.

    Args:
        printed: what the author's code printed.
        policy: the accepted one; `errors` keeps `printed` out, only `full` lets `message` in. What went to the standard
            error is in `printed` under `full` alone.
        most: bytes for printed output and message together; what does not fit is left out, and the log says so.
        error_class: of the closed list, or none if the run succeeded.
        line: of the job's text, if known.
        message: the engine's or Python's own words, which may quote data.
    """
    fitted = True
    parts: list[str] = []
    if policy != "errors" and printed:
        text = neutral(printed.decode("utf-8", "backslashreplace"))
        if len(text.encode()) > most:
            text = text.encode()[:most].decode("utf-8", "ignore")
            text += f"\n[The log ends here: the job printed more than its limit of {most} bytes.]"
            fitted = False
        parts.append(text.removesuffix("\n"))
    if error_class is not None:
        if policy == "full" and message:
            said = neutral(message).removesuffix("\n")
            room = most - sum(len(part.encode()) for part in parts)
            parts.append(
                said if len(said.encode()) <= room else "[The error's message is longer than the log's limit.]"
            )
        parts.append(failure_line(error_class, line))
    elif policy == "errors":
        parts.append("(Empty: the job's log policy `errors` lets no printed output out, and there was no error.)")
    elif not printed and policy == "standard":
        parts.append("(Empty: the job printed nothing; its log policy `standard` keeps the standard error out.)")
    elif not printed:
        parts.append("(Empty: the job printed nothing.)")
    return ("\n".join(parts) + "\n").encode(), fitted
