"""The company behind the gateway: master data, receivables and a double-entry ledger."""
