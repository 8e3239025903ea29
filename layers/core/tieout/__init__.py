"""Tieout keeps a company's Sage Intacct books tied to its Stripe account, to the cent."""
