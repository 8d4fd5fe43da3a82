"""The whole of Footfall in one process: no other server, and the same contract."""
