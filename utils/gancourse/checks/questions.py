"""A question with four possible answers."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import choice


def question(lesson: str, name: str, **wrong: str) -> Exercise:
    """Return a question with the letters a to d, whose right one stands in the lesson; wrong: letter -> what to say."""
    return Exercise(
        reference=answers.load(lesson, name),
        points=1,
        cases=lambda seed, strict: [{"about": "the answers in the text above", "secret": True}],
        observe=choice,
        look={"choice": 'Return one letter, such as "a".'},
        mistakes=tuple(mistake(says, f'return "{letter}"') for letter, says in wrong.items()),
    )
