"""Call control: one task per call, over ports that asterisk and storage implement."""
