"""What is told of what is played."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from esteio.base.schema import Body, Text, View

Outcome = Literal[
    "approve", "authorize", "process", "pend", "reject", "cancel", "expire", "charge_back", "mediate", "refund"
]


class MailView(View):
    """Sender and recipients are the envelope's, subject and date what the mail says of itself."""

    id: str = Field(examples=["01790000000000000001"])
    sender: str
    to: list[str]
    subject: str
    date: str
    received_at: datetime
    size: int = Field(description="Bytes, as it was sent")
    tls: bool
    user: str = Field(description="Who had logged in to send it, or nobody")


class HeaderView(View):
    name: str
    value: str


class AttachmentView(View):
    number: int = Field(description="From 1, as the mail has them")
    name: str
    media_type: str = Field(description="As the mail says; it is never sent as that")
    size: int = Field(description="Bytes")
    content_id: str | None = Field(description="By which the HTML names it, behind `cid:`")


class MailDetailView(MailView):
    headers: list[HeaderView]
    text: str | None
    html: str | None = Field(description="As it was sent: whoever shows it lets nothing in it run")
    cut: bool = Field(description="Whether text or HTML is longer than what is shown of it")
    attachments: list[AttachmentView]


class FaultView(View):
    fault: str
    words: str
    timed: bool = Field(description="Whether seconds can be given")
    path: bool = Field(description="Whether it can be limited to a path")


class SwitchedView(View):
    fault: str
    path: str = Field(description="`/`: everything")
    seconds: float | None


class ActView(View):
    act: str
    words: str


class StandInView(View):
    """A party outside that is played on the machine of the house."""

    name: str = Field(examples=["fakestore"])
    title: str
    url: str
    state: Literal["playing", "refusing", "silent"] = Field(
        description="refusing: its port is shut, as was asked; silent: whoever plays it does not answer"
    )
    calls: int | None = Field(description="Since it began, or since they were forgotten")
    switched: list[SwitchedView]
    faults: list[FaultView]
    acts: list[ActView]


class FaultSetting(Body):
    """Without a path the fault is for everything, in place of all others."""

    path: Annotated[Text, Field(max_length=200, pattern="^/")] | None = Field(
        None, description="For this path and what is below it only", examples=["/products"]
    )
    seconds: Annotated[float, Field(gt=0, le=3600)] | None = Field(None, description="For those that take time")


class RequestView(View):
    path: str
    calls: int


class PaymentView(View):
    """A payment at the stand-in of Mercado Pago."""

    id: str = Field(examples=["1790000000001"])
    status: str
    status_detail: str
    amount: str = Field(examples=["47.00"])
    currency: str
    method: str
    reference: str | None = Field(description="What the shop knows it by")
    description: str
    payer: str | None
    created_at: datetime | None
    outcomes: list[Outcome] = Field(description="What can be made of it as it is")


class OutcomeSetting(Body):
    outcome: Outcome = Field(examples=["approve"])
