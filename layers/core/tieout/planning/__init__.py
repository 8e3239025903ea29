"""From what Stripe says to what the books should hold: pure, one module per economic event."""
