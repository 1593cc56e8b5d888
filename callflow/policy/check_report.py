"""The policy check's findings as JSON whose shape is kept stable (docs/policy-check.md), and as text for people."""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby

from callflow.policy.check_texts import finding_text, severity_text, subject_text, what_to_do
from callflow.policy.checks.finding import Finding, Severity
from callflow.policy.model import Organisation, Policy
from callflow.policy.texts import LANGUAGES

Findings = tuple[Finding, ...]


def of_organisation(findings: Findings, organisation: Organisation) -> Findings:
    """Return an organisation's own findings."""
    return tuple(row for row in findings if row.subject.organisation_id == organisation.id)


def as_json(
    findings: Findings, policy: Policy, now: datetime, organisation: Organisation | None = None
) -> dict[str, object]:
    """Return findings as JSON data; `organisation` is the one that they were asked about, if only one was."""
    return {
        "policy_revision": policy.revision,
        "at": now.isoformat(),
        "organisation": None if organisation is None else organisation.key,
        "errors": _count(findings, Severity.ERROR),
        "warnings": _count(findings, Severity.WARNING),
        "findings": [_finding_json(row, policy) for row in findings],
    }


def as_text(findings: Findings, policy: Policy, language: str) -> str:
    """Return findings as lines for a terminal, organisation by organisation, in `sv` or `en`."""
    lines: list[str] = []
    for organisation_id, rows in groupby(findings, key=lambda row: row.subject.organisation_id):
        lines += [*_heading(policy, organisation_id, language)]
        for row in rows:
            lines += _finding_lines(row, language)
        lines.append("")
    return "\n".join([*lines, _total(findings, language)])


def _count(findings: Findings, severity: Severity) -> int:
    return sum(row.severity is severity for row in findings)


def _finding_json(row: Finding, policy: Policy) -> Mapping[str, object]:
    subject = row.subject
    return {
        "rule": row.rule,
        "code": row.code,
        "severity": row.severity.value,
        "organisation": _organisation_json(policy, subject.organisation_id),
        "subject": {"kind": subject.kind.value, "id": subject.id, "name": subject.name},
        "values": dict(row.values),
        "text": {language: finding_text(row, language) for language in LANGUAGES},
        "what_to_do": {language: what_to_do(row, language) for language in LANGUAGES},
    }


def _organisation_json(policy: Policy, organisation_id: int | None) -> Mapping[str, object] | None:
    organisation = policy.organisations.get(organisation_id or 0)
    if organisation is None:
        return None
    return {"id": organisation.id, "key": organisation.key, "name": organisation.name}


def _heading(policy: Policy, organisation_id: int | None, language: str) -> tuple[str, str]:
    organisation = policy.organisations.get(organisation_id or 0)
    everybody = "Gemensamt" if language == "sv" else "In common"
    name = organisation.name if organisation is not None else everybody
    return (name, "=" * len(name))


def _finding_lines(row: Finding, language: str) -> tuple[str, ...]:
    subject = subject_text(row.subject, language)
    return (
        f"  {severity_text(row.severity, language)} {row.rule} {subject} ({row.code})",
        f"      {finding_text(row, language)}",
        f"      → {what_to_do(row, language)}",
    )


def _total(findings: Findings, language: str) -> str:
    errors, warnings = _count(findings, Severity.ERROR), _count(findings, Severity.WARNING)
    if language == "sv":
        return f"{errors} fel, {warnings} {'varning' if warnings == 1 else 'varningar'}."
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}."
