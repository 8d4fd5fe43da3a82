"""Reprocessing: a runner that has runs worked on, each by a worker that is a process of its own."""
