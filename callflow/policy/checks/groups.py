"""Ring groups with more phones than can ring at once (R4)."""

from collections.abc import Iterator

from callflow.policy.checks.finding import Finding, finding, of_group
from callflow.policy.checks.look import Look
from callflow.policy.extensions import legs_of
from callflow.policy.together import that_ring


def group_findings(look: Look) -> Iterator[Finding]:
    """Yield ring groups of which some phones never ring while everybody is there."""
    route = look.route(look.now)
    for group in look.policy.ring_groups.values():
        members = (look.policy.extensions.get(member_id) for member_id in group.member_extension_ids)
        phones = {leg for member in members if member is not None for leg in legs_of(route, member)}
        ringing = that_ring(phones)
        if len(ringing) < len(phones):
            yield finding("ring_group_too_large", of_group(group), ringing=len(ringing), phones=len(phones))
