"""What the rules add to an event: device, page, and where its visit came from. Pure and quick."""
