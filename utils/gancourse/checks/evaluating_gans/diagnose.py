"""A diagnosis from three sets of features: many right answers, judged by sets whose fault is known."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake

patient = answers.load("evaluating_gans", "patient")
FAULTS = {
    "fine": "new points of the same distribution",
    "copies": "the training points again, hardly changed",
    "modes missing": "new points, from some of the clusters only",
    "poor pictures": "new points of all clusters, spread too widely",
}


def _cases(seed: int, strict: bool) -> list[dict]:
    sizes = (300, 200) if not strict else (250, 400, 150 + seed % 50)
    return [
        {"about": f"{says}, {n} in each set", "sets": patient(fault, 1000 * seed + n + i, n), "fault": fault}
        for n in sizes
        for i, (fault, says) in enumerate(FAULTS.items())
    ]


def _observe(answer, case: dict, like: dict) -> dict:
    """Ask for the diagnosis of one case."""
    said = answer(*(points.clone() for points in case["sets"]))
    words = said.strip().lower() if isinstance(said, str) else said
    return {"diagnosis": words if words in FAULTS else f"{said!r:.30}, which is none of the four"}


diagnose = Exercise(
    reference=answers.load("evaluating_gans", "diagnose"),
    points=4,
    cases=_cases,
    observe=_observe,
    partial=True,
    look={
        "diagnosis": {
            **{
                fault: f'this set is taken for "{fault}", and it is not. Print your measures for ten patients of each kind: '
                "which threshold separates them?"
                for fault in FAULTS
            },
            "": "return one of the four words, as text: " + ", ".join(f'"{fault}"' for fault in FAULTS) + ".",
        },
    },
    mistakes=(
        mistake("every set gets the same diagnosis. Measure first.", *(f"return {fault!r}" for fault in FAULTS)),
        mistake(
            "precision and recall are swapped. precision_recall takes the real points first and returns precision first.",
            "precision_recall(held_out, fake, k=3) → precision_recall(fake, held_out, k=3)",
            "precision, recall = → recall, precision =",
        ),
        mistake(
            "copies are not recognised. They are as precise and as varied as the training points, so only their distance to these shows them: it is smaller than that of "
            "held-out points. Does copied_share get its three sets in the right places?",
            "> 0.2 → > 2",
            "copied_share(fake, train, held_out) → copied_share(fake, held_out, train)",
        ),
        mistake(
            "missing modes are not recognised. Which of precision and recall falls?", "recall < 0.72 → recall < -1"
        ),
        mistake(
            "poor pictures are not recognised. Which of precision and recall falls?",
            "precision < 0.67 → precision < -1",
        ),
    ),
)
