"""Reads the corpus and renders conversations exactly as the chat template of the model does."""

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent

BOS, EOS, HEADER, HEADER_END, EOT = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
)


@dataclass(frozen=True)
class Entry:
    """All wordings of one question, their answer, and which wordings the check set holds."""

    questions: tuple[str, ...]
    answer: str
    checked: tuple[str, ...]


def blocks(name: str) -> list[list[str]]:
    """The paragraphs of a corpus file without its remarks."""
    found: list[list[str]] = [[]]
    for line in (FOLDER / "corpus" / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if line.strip():
            found[-1].append(line.strip().replace("\\n", "\n"))
        elif found[-1]:
            found.append([])
    return [block for block in found if block]


def read_entries() -> list[Entry]:
    entries = []
    for block in blocks("questions.txt"):
        *asked, last = block
        if not last.startswith("A: ") or any(line[:3] not in ("Q: ", "C: ") for line in asked):
            raise ValueError(f"not an entry: {block}")
        checked = tuple(line[3:] for line in asked if line.startswith("C: "))
        entries.append(Entry(tuple(line[3:] for line in asked), last[3:], checked))
    wordings = [question for entry in entries for question in entry.questions]
    twice = {question for question in wordings if wordings.count(question) > 1}
    if twice:
        raise ValueError(f"asked twice: {twice}")
    return entries


def read_texts() -> list[str]:
    return [line for block in blocks("texts.txt") for line in block]


def read_systems() -> list[str]:
    return [line for block in blocks("systems.txt") for line in block]


def message(role: str, content: str) -> str:
    return f"{HEADER}{role}{HEADER_END}\n\n{content.strip()}{EOT}"


def prompt(question: str, system: str | None = None) -> str:
    """A first question, up to the place where the answer begins."""
    first = message("system", system) if system else ""
    return f"{BOS}{first}{message('user', question)}{HEADER}assistant{HEADER_END}\n\n"


def write_check_questions(entries: list[Entry]) -> int:
    """Writes check-questions.json and returns how many it holds."""
    rows = [{"question": question, "answer": entry.answer} for entry in entries for question in entry.checked]
    path = FOLDER / "check-questions.json"
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(rows)
