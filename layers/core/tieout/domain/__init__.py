"""The accounting itself: values and rules that need no clock, network or random number."""
