"""Time a network layer by layer, and compare it with the peak of the machine."""
