"""A step with which the minimax game comes to rest: many right answers, judged by where they end."""

import math

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import kind

STEPS, CALLS = 4000, 4


def _cases(seed: int, strict: bool) -> list[dict]:
    """Starts near and far, and data in several places, so that nothing but the gradients tells where the solution is."""
    starts = [(1.0, 1.0, 0.0, 0.2), (-2.0, 0.5, 1.5, 0.2), (0.5, -1.0, -3.0, 0.3)]
    if strict:
        starts += [(1 + seed % 3 / 2, 0.1, -1.0, 0.2), (0.0, 2.0, 0.5 + seed % 5, 0.3)]
    return [
        {
            "about": f"{STEPS} steps from theta = {theta + place}, psi = {psi}, step_size = {h}, data at {place}",
            "start": (float(theta + place), psi),
            "place": place,
            "step_size": h,
        }
        for theta, psi, place, h in starts
    ]


def _observe(answer, case: dict, like: dict) -> dict:
    """Play the game with the answer's steps, and observe where it ends; the guard watches three steps, two of them alike."""
    calls, at = [0], case["start"]

    def gradients(theta, psi):
        calls[0] += 1
        gap = float(theta) - case["place"]
        share = 1 / (1 + math.exp(-max(-700.0, min(700.0, float(psi) * gap))))
        return -share * float(psi), -share * gap

    points = [(case["place"] + x, 0.0) for x in (1.0, 2.0, 1.0)]
    first = [answer(*point, gradients, case["step_size"]) for point in points]
    if not isinstance(first[0], tuple | list) or len(first[0]) != 2:
        return {"returned": f"{len(first[0])} things" if isinstance(first[0], tuple | list) else kind(first[0])}
    path, calls[0] = [at], 0
    for _ in range(STEPS):
        theta, psi = answer.answer(*at, gradients, case["step_size"])
        at = float(theta), float(psi)
        path.append(at)
        if not math.hypot(*at) < 1e6:
            break
    each = calls[0] / (len(path) - 1)
    return {
        "returned": "2 things",
        "again": "the same" if first[0] == first[2] else "another",
        "d_goes": "up V" if float(first[0][1]) <= 0 else "down V",
        "calls": f"1 to {CALLS} in a step" if 0 < each <= CALLS else "none" if not each else "more",
        "ends": _ends(path, case["place"]),
    }


def _ends(path: list[tuple[float, float]], place: float) -> str:
    """Return in words where a path of (theta, psi) has come to."""
    first, *last = (math.hypot(theta - place, psi) for theta, psi in [path[0], *path[-200:]])
    if max(last) < 0.05:
        return "at rest in the solution"
    if len({theta for theta, _ in path}) == 1:
        return "G never moves"
    if not max(last) < 3 * first:
        return "farther away than it began"
    moved = max(math.dist(path[-1], point) for point in path[-200:])
    if moved < 0.01:
        return "at rest in another place"
    return "nearer, but not there" if max(last) < first / 4 else "still moving around the solution"


calm_step = Exercise(
    reference=answers.load("minimax_loss", "calm_step"),
    points=4,
    cases=_cases,
    observe=_observe,
    look={
        "returned": "return both numbers, theta first: `return theta, psi`.",
        "again": "the same arguments give another step the second time: something is kept between calls.",
        "calls": {
            "none": "the gradients are never asked for. gradients(theta, psi) returns dV/dtheta and dV/dpsi, and only they tell where the data are.",
            "": f"gradients is called more than {CALLS} times in a step. Find a way with fewer.",
        },
        "d_goes": "D goes down V. It maximises V: psi plus step_size times its gradient. (G goes down.) Is theta returned first?",
        "ends": {
            "nearer": "the game comes nearer, but too slowly. Make the correction larger.",
            "G never": "theta never changes. G needs a psi that is not 0 to learn where to go.",
            "still": "the game still moves around the solution at the end, as with the plain steps of 2.8: both players answer to where the other is now. "
            "Look ahead before you step, or slow down the player whose solution is 0.",
            "at rest in another": "the game comes to rest, but not in the solution. Something other than the gradients pulls theta; "
            "the data need not lie at 0.",
            "farther": "the game moves away from the solution. G goes down V, D goes up; smaller corrections may help.",
        },
        "": "Print the distance from the solution after 0, 100, 1,000 and 4,000 steps.",
    },
    mistakes=(
        mistake(
            "the players go the wrong way: G goes down V, theta minus its gradient; D goes up V, psi plus its gradient.",
            (
                "gradients(theta - step_size * d_theta, psi + step_size * d_psi) → gradients(theta + step_size * d_theta, psi - step_size * d_psi)",
                "return theta - step_size * d_theta, psi + step_size * d_psi → return theta + step_size * d_theta, psi - step_size * d_psi",
            ),
        ),
        mistake(
            "theta is pulled to 0. That is the solution only where the data lie at 0. psi is 0 in every solution; theta is not.",
            "d_theta, d_psi = gradients(theta, psi)\nreturn 0.9 * (theta - step_size * d_theta), 0.9 * (psi + step_size * d_psi)",
            "d_theta, d_psi = gradients(theta, psi)\nreturn 0.98 * (theta - step_size * d_theta), psi + step_size * d_psi",
        ),
    ),
)
