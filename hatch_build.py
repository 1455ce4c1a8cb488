"""What a package index shows: the README with addresses in place of paths, which mean nothing there."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

#: A link or picture of Markdown to a file of the repository.
_PATH = re.compile(r"(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)\s]+)\)")


class CustomMetadataHook(MetadataHookInterface):
    """Sets ``readme``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling with the ``[project]`` table."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        source = metadata["urls"]["Source"]

        def absolute(found: re.Match[str]) -> str:
            picture, label, path = found.groups()
            return f"{picture}{label}({source}/{'raw' if picture else 'blob'}/main/{path})"

        metadata["readme"] = {"content-type": "text/markdown", "text": _PATH.sub(absolute, text)}
