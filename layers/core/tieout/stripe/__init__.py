"""Stripe's edge: verify deliveries, read at one pinned version, decode old and new shapes."""
