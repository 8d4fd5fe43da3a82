"""The whole system on one machine, from its real parts: started, watched, stopped."""
