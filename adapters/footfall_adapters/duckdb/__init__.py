"""DuckDB: where the embedded process stores rows, and computes reports."""
