"""What a run runs on: a device, and the processes that share the work."""
