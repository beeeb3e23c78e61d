"""The situation report as a page: its values, its drawing, its text."""
