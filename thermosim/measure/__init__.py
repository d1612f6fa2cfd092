"""From a record to a summary: energy, mixing, distance to the target, the ideal sampler beside the chip."""

from thermosim.measure.summary import Summary, measure

__all__ = ["Summary", "measure"]
