from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dissect_report.findings.ablation import ServingBar
from dissect_report.report import formatting
from dissect_report.report.ablation.experiment import AblationExperiment
from dissect_report.report.ablation.interpretable import serving_verdict
from dissect_report.report.ablation.view import AblationView, ablation_views
from dissect_report.report.formatting import lost, score
from dissect_report.report.intervals import mean_interval
from dissect_report.report.pages.home import home_page
from dissect_report.report.site import SiteFindings
from tests.report.reading import words


def percent(value: float | None) -> str:
    """As ``words`` gives it: with a plain space."""
    return formatting.percent(value).replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="module")
def removals(site: SiteFindings) -> AblationView:
    (found,) = ablation_views(site, site.runs[0])
    return found


@pytest.fixture(scope="module")
def pages(site: SiteFindings) -> list[str]:
    made = list(AblationExperiment().pages(site, site.runs[0]))
    return [words(page.body) for page in made[:2]]  # those of the classes follow


def test_removing_and_keeping_gives_the_means_over_the_classes(pages, removals):
    for state in removals.record.spread:
        assert percent(state.mean) in pages[0]
    assert "Removing 20 v keeping 20" in pages[0]
    assert "Does the network need the few units that matter most to a class" in pages[0]


def test_every_size_is_removed_kept_and_drawn_at_random(pages, removals):
    for size in removals.record.set_sizes:
        for text in ("{} most important removed", "only the best {} kept", "{} random removed"):
            assert text.format(size) in pages[0]


def test_the_mean_of_a_state_is_that_of_its_classes(pages, removals):
    values = [removals.rows[target, "removed", 4].balanced_accuracy for target in removals.class_targets]
    changes = [
        after - removals.record.targets[target].balanced_accuracy
        for after, target in zip(values, removals.class_targets, strict=True)
    ]
    share = f"{400 / removals.view.layer.summary.units:.0f} %"
    change = f"{100 * np.mean(changes):+.1f}".replace("-", "−")
    assert f"4 most important removed {share} {percent(float(np.mean(values)))} {change}" in pages[0]


def test_both_experiments_say_the_command(pages, removals):
    for text in pages:
        assert removals.record.command in text


def test_important_units_are_compared_with_the_others(pages, removals):
    for bar in removals.record.serving:
        assert score(bar.mean_iou) in pages[1]
    assert "match concepts" in pages[1]
    assert "7 or more" in pages[1]


def test_the_verdict_says_which_way_it_came_out(removals):
    def verdict(first: float, second: float | None, correlation: float | None = None) -> str:
        bars = ServingBar(0, 9, 9, first, 0.01), ServingBar(1, 3, 3, second, 0.01)
        made = replace(removals.record, serving=bars, serving_correlation=correlation, serving_p=0.041)
        return serving_verdict(made)

    assert "match concepts better (mean IoU 0.200) than the 9" in verdict(0.1, 0.2)
    assert "match concepts worse" in verdict(0.3, 0.2)
    assert verdict(0.3, None) == ""
    assert "rank correlation of \N{MINUS SIGN}0.31 (p 0.041)" in verdict(0.3, 0.2, -0.31)


def test_home_gives_the_headline_of_the_experiment(site, removals):
    text = words(home_page(site).body)
    means = {state.state: state.mean for state in removals.record.spread}
    assert "What the units are for" in text
    assert lost(means["intact"] - means["removed"]) in text


def test_a_mean_has_students_interval_or_none():
    assert mean_interval([0.5]) == (None, None)
    assert mean_interval([0.5, 0.5, 0.5]) == (None, None)
    values = np.array([0.1, 0.2, 0.3, 0.4])
    reach = 3.1824 * values.std(ddof=1) / 2  # the 97.5 % quantile of t with 3 degrees of freedom, from tables
    assert mean_interval(values.tolist()) == pytest.approx((0.25 - reach, 0.25 + reach), rel=1e-4)
