"""A report for people and one for programs, both without secrets."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from protobanana.cli.doctor.finding import Finding, Level

_STYLE = {Level.OK: ("ok", "green"), Level.WARNING: ("warning", "yellow"), Level.PROBLEM: ("PROBLEM", "bold red")}
_SHORTEST = 6
"""Characters of a secret from which on it is looked for; shorter ones are ordinary words."""
HOME = "gateway"
"""Where findings stand that are about no server."""


def scrubbed(findings: Sequence[Finding], secrets: Sequence[str]) -> list[Finding]:
    """The same findings; wherever a secret got into a message, it is taken out."""
    hidden = [secret for secret in secrets if len(secret) >= _SHORTEST]

    def clean(text: str) -> str:
        for secret in hidden:
            text = text.replace(secret, "***")
        return text

    return [
        replace(finding, message=clean(finding.message), fixes=tuple(map(clean, finding.fixes))) for finding in findings
    ]


def fixes(findings: Sequence[Finding]) -> dict[str, list[str]]:
    """Server's address (empty: the gateway) -> commands and lines, each once; what mends problems comes first."""
    ordered = sorted(findings, key=lambda finding: finding.level is not Level.PROBLEM)
    found: dict[str, list[str]] = {}
    for finding in ordered:
        commands = (_pull(findings, finding), *finding.fixes) if finding.pull else finding.fixes
        if commands:
            known = found.setdefault(finding.server, [])
            known += [command for command in commands if command not in known]
    return found


def _pull(findings: Sequence[Finding], like: Finding) -> str:
    """One command for all workflows that lack files in the same place; shared files are then counted once."""
    same = (other.workflow for other in findings if (other.server, other.pull) == (like.server, like.pull))
    return shlex.join(["protobanana", "models", "pull", *dict.fromkeys(same), "--comfyui-dir", like.pull])


def worst(findings: Sequence[Finding]) -> Level:
    """The worst level that was found."""
    levels = {finding.level for finding in findings}
    return next((level for level in (Level.PROBLEM, Level.WARNING) if level in levels), Level.OK)


def as_json(findings: Sequence[Finding]) -> str:
    """`{"status", "counts", "findings": [...], "fixes": {server: [command]}}`."""
    counts = Counter(finding.level for finding in findings)
    document = {
        "status": worst(findings),
        "counts": {level: counts[level] for level in Level},
        "findings": [asdict(finding) for finding in findings],
        "fixes": fixes(findings),
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def print_report(findings: Sequence[Finding], out: Console) -> None:
    """Grouped by server, then by workflow; at the end what to do, ready for copying."""
    for server in dict.fromkeys(finding.server for finding in findings):
        tree = Tree(Text(server or HOME, style="bold"), guide_style="dim")
        branches: dict[str, Tree] = {}
        for finding in findings:
            if finding.server == server:
                branch = tree
                if finding.workflow:
                    branch = branches.get(finding.workflow) or tree.add(Text(finding.workflow, style="bold"))
                    branches[finding.workflow] = branch
                branch.add(_line(finding))
        out.print(tree)
    for server, commands in fixes(findings).items():
        out.print(Text(f"\nTo mend it{f', on the machine of {server}' if server else ''}:"))
        for command in commands:
            out.print(Text(f"  {command}"), soft_wrap=True)
    counts = Counter(finding.level for finding in findings)
    out.print(f"\n{counts[Level.PROBLEM]} problems, {counts[Level.WARNING]} warnings, {counts[Level.OK]} ok")


def _line(finding: Finding) -> Text:
    word, style = _STYLE[finding.level]
    return Text.assemble((f"{word:<8}", style), f"{finding.check}: {finding.message}")


__all__ = ["as_json", "print_report", "scrubbed", "worst"]
