"""Callflow: a region's written rules for telephony, kept by a real Asterisk on every call."""

__version__ = "0.1.0"
