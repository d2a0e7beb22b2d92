"""What a run has learned: curves, figures by class, and answers for images."""
