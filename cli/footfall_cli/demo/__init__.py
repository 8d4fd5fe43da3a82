"""`footfall demo`: a believable shop, generated from a seed."""
