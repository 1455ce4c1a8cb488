"""What in a text tells where on whose machine something was made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

#: An absolute path of several parts as it stands in a sentence; an address, or a class like ``/a/airfield``,
#: begins otherwise or with no folder of this machine.
_ABSOLUTE = re.compile(
    r"(?<![\w.:/\\~<-])(?P<first>/[^\s/:'\"<>]+|[A-Za-z]:\\)"
    r"(?:[^\s:'\",;<>]*[/\\])?(?P<name>[^\s:'\",;<>/\\]+)"
)
#: Where people's own folders lie, on any machine; in JSON a backslash is written twice.
_HOME = re.compile(r"(?<![\w.-])(?:/home|/Users|[A-Za-z]:(?:/|\\{1,2})Users)(?:/|\\{1,2})[\w.-]+")


def without_folders(text: str) -> str:
    """A text whose paths of this machine are their last part alone."""
    return _ABSOLUTE.sub(lambda found: found["name"] if _is_here(found) else found[0], text)


def _is_here(found: re.Match[str]) -> bool:
    return "\\" in found["first"] or Path(found["first"]).is_dir()


def homes_in(text: str) -> Iterator[str]:
    """Every home folder that a text names: of anybody's, and of whoever asks."""
    yield from dict.fromkeys(found[0] for found in _HOME.finditer(text))
    try:
        home = Path.home()
    except RuntimeError:  # whoever asks has none
        return
    if len(home.parts) < 2:  # the root of a container's user tells nothing
        return
    own = re.escape(json.dumps(str(home)).strip('"'))
    yield from dict.fromkeys(found[0] for found in re.finditer(rf"(?<![\w.-]){own}(?=[/\\])", text))
