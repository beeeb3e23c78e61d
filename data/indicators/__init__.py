"""Indicators of effect: what a response achieved, with definition, formula, source and rows."""
