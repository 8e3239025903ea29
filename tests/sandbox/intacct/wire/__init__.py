"""What travels: the request schema, the envelope, element readers and reply writers."""
