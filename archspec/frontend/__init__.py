"""From the text of a spec to its syntax tree; nothing here knows what a layer is."""
