"""The rules of Footfall and the ports to the outside; no I/O."""
