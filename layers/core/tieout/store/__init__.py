"""DynamoDB, SQS, Secrets Manager and KMS adapters: everything Tieout remembers."""
