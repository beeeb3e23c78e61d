"""The Al Haouz drill: a demonstration situation, written from published facts and built by code."""
