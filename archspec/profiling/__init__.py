"""Measure a network, layer by layer, and the machine that it runs on."""
