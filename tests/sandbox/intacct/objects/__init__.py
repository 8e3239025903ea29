"""What can be read back: object types, their fields, and the two query languages."""
