"""Files of others: asked of mirrors and hosts, resumed, checked, kept once, unpacked with care."""
