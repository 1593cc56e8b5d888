"""People on phones: taking a call, seeing that two talk with each other, changing a call under way."""

from callflow.phone.client import Phone, PhoneCall


async def answered(phone: Phone, *callers: PhoneCall, count: int = 1) -> PhoneCall:
    """Let the phone ring and take its `count`-th call; return when its callers are heard there."""
    leg = await phone.incoming(15, count=count)
    await leg.ring()
    await leg.answer()
    for call in (leg, *callers):
        await call.wait_for("connected")
    for call in callers:
        await heard(call, leg)
    return leg


async def heard(speaker: PhoneCall, listener: PhoneCall) -> None:
    """See that a digit of the one is heard by the other: the two are joined."""
    await speaker.wait_for("media")
    await listener.wait_for("media")
    before = len(listener.digits)
    await speaker.send_digits("7")
    await listener.wait_for("digit", count=before + 1)


async def change_media(*calls: PhoneCall) -> None:
    """Hold, unhold and offer the media anew from each end."""
    for call in calls:
        await call.hold()
        await call.unhold()
        await call.update()
