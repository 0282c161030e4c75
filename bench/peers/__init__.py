"""What the live bench measures side by side: one tiny relay, written for each."""
