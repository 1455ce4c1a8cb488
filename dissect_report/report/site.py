"""The findings of a whole site: one or several runs, and the concepts that they share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dissect_report.config import Config
from dissect_report.findings.paths import SitePaths, file_names
from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.store import LoadedLayer, LoadedRun, load_run


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
