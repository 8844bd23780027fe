"""The table of compute profiles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from jupyter_secure_jobs.store.tables import EMAIL, Base


class ProfileRow(Base):
    """A compute profile of a workspace. Drafts copy its content; nothing refers to it."""

    __tablename__ = "compute_profile"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(50))
    folded: Mapped[str] = mapped_column(String(100))
    made_by: Mapped[str] = mapped_column(EMAIL)
    organisation: Mapped[str] = mapped_column(String(50))
    compute: Mapped[dict[str, Any]]
    limits: Mapped[dict[str, Any]]
    revision: Mapped[int]
    changed: Mapped[datetime]
    __table_args__ = (Index(None, "workspace", "folded", unique=True),)
