"""Intacct's edge: documents to XML, replies to outcomes, one session shared by every invocation."""
