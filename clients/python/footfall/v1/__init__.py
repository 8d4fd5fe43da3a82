"""The contracts, generated from `protos/footfall/v1`."""
