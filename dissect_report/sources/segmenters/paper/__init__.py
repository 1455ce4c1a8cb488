"""The segmenters of the paper: objects, parts and materials in one network, colors in another."""
