"""Speech from text by espeak-ng: prompts at set-up, names from the policy when it changes."""
