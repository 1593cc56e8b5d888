"""A real SIP phone (pjsua2) in a process of its own, and the test peer of the trunk."""
