"""Intake: tables from people, understood row by row; a good row goes in beside a bad one."""
