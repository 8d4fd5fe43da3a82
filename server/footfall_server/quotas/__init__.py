"""What a property may use: counted before the work is done, and said in every answer."""
