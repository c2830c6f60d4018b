"""A program with faults, to be repaired: each of its parts is judged by the check of the exercise that it belongs to."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, is_ours
from gancourse.checks.observers.values import kind

RIGHT = "right"


def repair(lesson: str, name: str, sound: dict[str, Exercise], faulty: dict[str, Exercise]) -> Exercise:
    """Return the exercise to repair a program: a function that returns its parts as a dict, name -> function or class.

    The lesson's `faulty` parts have one fault each and are worth one point; its `sound` ones have none and are worth
    nothing, but must stay as they are. Both are "lesson.part" -> the part's own check.
    """
    parts = {path.rpartition(".")[2]: (path, check) for path, check in (sound | faulty).items()}

    def cases(seed: int, strict: bool) -> list[dict]:
        return [
            {"about": f"the part {part}", "part": part, "asked": (seed, strict), "no_points": path in sound}
            for part, (path, _) in parts.items()
        ]

    def observe(answer, case: dict, like: dict) -> dict:
        made, part = answer(), case["part"]
        seen = {"returned": kind(made)}
        if not isinstance(made, dict):
            return seen
        if part not in made:
            return seen | {part: "missing"}
        if is_ours(answer.answer, None):  # the reference, whose parts their own checks would call the course's
            return seen | {part: RIGHT}
        says, _ = parts[part][1].examine(made[part], *case["asked"])
        return seen | {part: "not right yet" if says else RIGHT}

    return Exercise(
        reference=answers.load(lesson, name),
        points=len(faulty),
        partial=True,
        cases=cases,
        observe=observe,
        look={
            part: {
                "missing": f'the dict has no "{part}". Return all parts under their names, as the faulty program does.',
                "": f"its {part} is not right yet, and a later part may not be, either. What does this part do to a training? If "
                f'you do not find it, the part\'s own check says more: checks.{path}({name}()["{part}"])',
            }
            for part, (path, _) in parts.items()
        }
        | {
            "returned": "return a dict with the parts of the program, name -> function or class, as the faulty program does."
        },
    )
