"""What mkdocs does not do alone: the reference pages, the report's own look, links that work from disk."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api_reference import findings_page, python_page
from command_reference import command_page
from configuration_reference import configuration_page
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from dissect_report.report.templating import templates_folder

#: Pages that are written from the program while the site is built; none of them is a file.
GENERATED: dict[str, Callable[[], str]] = {
    "reference/configuration.md": configuration_page,
    "reference/commands.md": command_page,
    "reference/python.md": python_page,
    "reference/findings.md": findings_page,
}
STYLE = "assets/css/dissect.css"
_DIALOG = 'data-md-component="search" role="dialog"'


#: A line of a code block that stands for a whole file of the repository: said once, shown here.
_INCLUDED = re.compile(r"^# the file (\S+)$", re.MULTILINE)


def with_files(markdown: str) -> str:
    """A page with the files that it shows."""
    root = Path(__file__).resolve().parents[2]
    return _INCLUDED.sub(lambda found: (root / found[1]).read_text(encoding="utf-8").rstrip(), markdown)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leaves out the page whose links start at the server's root, as the report's sites do."""
    config.theme.static_templates.discard("404.html")
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Adds the generated pages and the report's style sheet."""
    for path, page in GENERATED.items():
        files.append(File.generated(config, path, content=page()))
    files.append(File.generated(config, STYLE, abs_src_path=str(templates_folder() / STYLE)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Puts files of the repository where a page shows them."""
    return with_files(markdown)


def on_page_context(context: dict[str, Any], *, page: Page, config: MkDocsConfig, nav: Any) -> None:
    """Gives the shared page template the title that it shows in the browser's tab."""
    page.meta["title"] = page.title


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Names the search dialog."""
    return output.replace(_DIALOG, f'{_DIALOG} aria-label="Search"')
