"""The method: what is measured, in which order; the only place that loops over data."""
