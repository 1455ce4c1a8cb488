"""``dissect-report pack``: a built site as one file to send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from dissect_report.cli.configuration import DEMO, ConfigArgument
from dissect_report.cli.console import console
from dissect_report.config import load_config
from dissect_report.errors import PublishError
from dissect_report.findings.disk import alone_in


def pack(
    config: ConfigArgument = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where; default: NAME.zip in the site's folder."),
    ] = None,
) -> None:
    """Make one zip of a built site; unpacked, it opens from disk, search included."""
    from dissect_report.publish import inventory  # noqa: PLC0415
    from dissect_report.publish.archive import write_archive  # noqa: PLC0415  not for other verbs

    loaded = load_config(config or DEMO)
    site, name = inventory.finished_site(loaded), loaded.folder.name or "site"
    target = output or loaded.folder / f"{name}.zip"
    if target.is_dir() or site in target.resolve().parents:
        raise PublishError(f"{target}: name a file outside the built site with -o FILE")
    held = inventory.take_inventory(site)
    inventory.check_pictures(held, loaded)
    with alone_in(loaded.folder):  # nobody swaps the site while it is packed
        size = write_archive(site, target, name)
    console().print(held.sentence(), soft_wrap=True)
    console().print(inventory.besides(site), soft_wrap=True, markup=False)
    console().print(
        f"[bold green]packed[/] {escape(str(target))}, {size / 1e6:,.1f} MB; "
        f"unpack it and open {escape(name)}/index.html",
        soft_wrap=True,
    )
