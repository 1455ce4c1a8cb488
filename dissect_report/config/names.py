"""What runs can be called: each has a folder and an address of its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dissect_report.errors import ConfigError

#: Names at the site's root that are no run's.
SITE_NAMES = ("assets", "concepts", "classes", "experiments", "search", "index", "compare", "files.json")


def check_name(name: object) -> None:
    """Refuses a name that a folder and an address cannot carry.

    Raises:
        ConfigError: naming it.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ConfigError(f"run name {name!r} must be letters, digits, '.', '_' and '-'")
    if name.casefold() in SITE_NAMES:
        raise ConfigError(f"the site has a page of its own called {name!r}; name the run otherwise")


def check_distinct(names: Sequence[str]) -> None:
    """Refuses runs of one folder, also where a file system takes upper and lower case for one.

    Raises:
        ConfigError: naming the first two of them.
    """
    owners: dict[str, str] = {}
    for name in names:
        if name in owners.values():
            raise ConfigError(f"two runs are called {name!r}; give each [[run]] its own name")
        if other := owners.get(name.casefold()):
            raise ConfigError(
                f"runs {other!r} and {name!r} differ in upper and lower case alone, which many file "
                "systems take for one folder; give each [[run]] its own name"
            )
        owners[name.casefold()] = name
