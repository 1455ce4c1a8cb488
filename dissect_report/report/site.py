"""The findings of a whole site: one or several runs, and the concepts that they share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from jinja2 import Environment

from dissect_report.config import Config
from dissect_report.file_names import file_names
from dissect_report.findings.paths import SitePaths
from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.store import LoadedLayer, LoadedRun, load_run
from dissect_report.report.templating import check_own, environment


@dataclass(frozen=True)
class SiteFindings:
    """Everything that the pages are drawn from.

    Attributes:
        config: the site's configuration.
        runs: in the configuration's order.
    """

    config: Config
    runs: tuple[LoadedRun, ...]

    @cached_property
    def templates(self) -> Environment:
        """The templates of this site's pages: its own where it has some, and whether pictures are shown.

        Raises:
            PublishError: one of its own has a name that replaces nothing.
        """
        own = self.config.templates
        if own is None:
            return environment(pictures=self.config.site.images)
        check_own(own)
        return environment(own, pictures=self.config.site.images)

    @cached_property
    def concept_files(self) -> dict[str, str]:
        """File name of every concept's page by concept name; runs share the page of a shared name."""
        names = dict.fromkeys(concept.name for run in self.runs for concept in run.record.concepts)
        return dict(zip(names, file_names(names, reserved=("index",)), strict=True))

    @cached_property
    def concepts(self) -> dict[str, dict[str, ConceptRecord]]:
        """By concept name, the record in every run (by run name) that has it."""
        result: dict[str, dict[str, ConceptRecord]] = {}
        for run in self.runs:
            for concept in run.record.concepts:
                result.setdefault(concept.name, {})[run.record.name] = concept
        return result

    @cached_property
    def class_files(self) -> dict[str, dict[tuple[str, str], str]]:
        """By run name, the file name of the page of every class or group (kind and name) that has one."""
        result = {}
        for run in self.runs:
            found = [layer.ablation for layer in layers_of(run) if layer.ablation is not None]
            names = dict.fromkeys((t.kind, t.name) for record in found for t in record.targets)
            files = file_names((name for _, name in names), reserved=("index",))
            result[run.record.name] = dict(zip(names, files, strict=True))
        return result


def load_site(config: Config) -> SiteFindings:
    """The findings of every run of ``config``.

    Raises:
        FindingsError: a run was not analysed yet, or its findings cannot be read.
    """
    paths = SitePaths(config.folder)
    return SiteFindings(config, tuple(load_run(paths.run(run.name).root) for run in config.runs))


def layers_of(run: LoadedRun) -> tuple[LoadedLayer, ...]:
    """The run's layers in execution order."""
    return tuple(run.layers.values())
