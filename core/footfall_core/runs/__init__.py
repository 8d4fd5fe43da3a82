"""Runs: which processing of the log makes rows, and which run's rows serve which hours of it."""
