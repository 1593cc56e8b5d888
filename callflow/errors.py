"""The root of every error that Callflow raises."""


class CallflowError(Exception):
    """An error with a stable code and a message that says what was wrong, where, and what to do.

    Attributes:
        code: a fixed snake_case word that logs, tests and exit messages may rely on.
    """

    code = "callflow_error"
