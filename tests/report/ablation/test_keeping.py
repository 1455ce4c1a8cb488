from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dissect_report.findings.ablation import ServingBar
from dissect_report.report import formatting
from dissect_report.report.ablation.experiment import AblationExperiment
from dissect_report.report.ablation.interpretable import serving_verdict
from dissect_report.report.ablation.keeping import keeping_verdict
from dissect_report.report.ablation.view import AblationView, ablation_views
from dissect_report.report.ablation.words import words_of
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
    assert "at least one class" in pages[1]
    assert "7 or more" in pages[1]


def verdict(removals: AblationView, bars: list[ServingBar], correlation: float | None = None) -> str:
    made = replace(removals.record, serving=tuple(bars), serving_correlation=correlation, serving_p=0.041)
    return serving_verdict(made).replace("\N{NO-BREAK SPACE}", " ")


def bars_of(values: list[np.ndarray]) -> list[ServingBar]:
    return [
        ServingBar(
            place, len(found), len(found), float(found.mean()) if len(found) else None,
            float(found.std(ddof=1) / np.sqrt(len(found))) if len(found) > 1 else None,
        )
        for place, found in enumerate(values)
    ]  # fmt: skip


def test_the_verdict_gives_the_difference_with_welchs_interval(removals):
    from scipy.stats import ttest_ind

    generator = np.random.default_rng(5)
    values = [generator.normal(at, 0.01, n) for at, n in ((0.1, 40), (0.2, 6), (0.3, 1), (0.25, 3), (0, 0))]
    serving = np.concatenate(values[1:])
    ends = ttest_ind(serving, values[0], equal_var=False).confidence_interval()
    said = verdict(removals, bars_of(values), -0.31)
    assert "The 10 units that serve at least one class match concepts better: a mean IoU of " in said
    assert f"{serving.mean():.3f} against {values[0].mean():.3f} of the 40 that serve none" in said
    assert f"95 % interval +{ends.low:.3f} to +{ends.high:.3f}" in said
    assert "rank correlation of \N{MINUS SIGN}0.31 (p 0.041)" in said


def test_the_verdict_says_no_more_than_its_interval(removals):
    low, high = np.array([0.1, 0.11, 0.12]), np.array([0.2, 0.21, 0.22])
    assert "match concepts better" in verdict(removals, bars_of([low, high]))
    assert "match concepts worse" in verdict(removals, bars_of([high, low]))
    unsure = verdict(removals, bars_of([low, np.array([0.02, 0.3])]))
    assert "are not told apart by how well they match concepts" in unsure
    assert "better" not in unsure
    one = verdict(removals, bars_of([low, high[:1]]))
    assert "The 1 unit that serves at least one class has a mean IoU of 0.200" in one
    assert "so few units have no interval" in one
    assert "of the 1 that serves none" in verdict(removals, bars_of([low[:1], high]))
    assert verdict(removals, bars_of([low, low[:0]])) == ""
    assert verdict(removals, bars_of([low[:0], low])) == ""


def test_a_correlation_of_nothing_has_no_sign(removals):
    values = [np.array([0.1, 0.2]), np.array([0.1, 0.3])]
    assert "rank correlation of 0.00 (p" in verdict(removals, bars_of(values), -0.001)


def test_columns_and_axes_say_agreement_in_few_words(removals):
    words = words_of(replace(removals.record, labels="intact predictions"))
    assert (words.balanced_column, words.overall_column) == (
        "balanced agreement",
        "agreement over all classes",
    )
    words = words_of(replace(removals.record, labels="labels"))
    assert (words.balanced_column, words.overall_column) == (words.balanced, words.overall)


def test_the_headline_says_how_many_of_the_best_units_have_an_effect(removals):
    def said(*effective: int) -> str:
        amounts = dict(zip(removals.class_targets, effective * 4, strict=False))
        rows = [
            replace(row, effective=amounts.get(row.target)) if row.kind == "removed" else row
            for row in removals.record.rows
        ]
        return keeping_verdict(replace(removals, record=replace(removals.record, rows=tuple(rows))))

    size = max(size for size in removals.record.set_sizes if size <= 20)
    assert f"the {size} units that matter most to a class (2 of them with an effect alone)" in said(2)
    assert "(2 to 5 of them with an effect alone)" in said(3, 2, 5)
    assert "with an effect" not in said(size)


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
