"""What holds for every test."""

from hypothesis import settings

# A deadline measures the machine, and this one is shared: nothing is judged by the clock here.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")
