"""Text as strangers may write it."""
