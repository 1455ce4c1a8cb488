"""The networks and photos of Bau et al., PNAS 2020, by name."""
