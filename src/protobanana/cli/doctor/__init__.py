"""`protobanana doctor`: looks at everything a picture needs, and says what is wrong and how to mend it."""

from protobanana.cli.doctor.command import doctor

__all__ = ["doctor"]
