"""The policy check's parts, one file a subject; `callflow.policy.check` runs them all."""
