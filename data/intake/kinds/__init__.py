"""Kinds of tables: what a row of each must say, and which events record it. One file a kind."""
