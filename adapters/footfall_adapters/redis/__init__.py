"""What servers share in Redis: the cache of answers, and the buckets of quotas."""
