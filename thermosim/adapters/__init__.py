"""The chip behind interfaces of other libraries; each needs its extra."""
