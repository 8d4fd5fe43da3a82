"""Reports: what can be asked for, the plan of a report, and what an answer is."""
