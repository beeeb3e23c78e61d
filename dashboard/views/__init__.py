"""The views: each reads the desk, calls it, and hands plain values to components; none computes."""
