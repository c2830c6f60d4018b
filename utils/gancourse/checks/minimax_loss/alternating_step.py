"""One round of the Dirac-GAN: D steps, then G against the new D."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import function, randn

BOTH = "return both numbers, theta first: `return theta, psi`."
NEW_THETA = "theta + step_size * psi / (1 + math.exp(psi * theta))"
NEW_PSI = "psi - step_size * theta / (1 + math.exp(-psi * theta))"
SATURATING = "psi / (1 + math.exp(psi → psi / (1 + math.exp(-psi"


def _cases(seed: int, strict: bool) -> list[dict]:
    """Points near the lesson's start, with several step sizes; each of the two numbers 0; one far away."""
    points = randn(seed, 4 if strict else 3, 2).mul(1.2).round(decimals=1)
    points = points.where(points.abs() > 0.2, 0.7).tolist()
    starts = [
        (1.0 + seed % 10 / 10, 1.0, 0.2),
        *((*at, h) for at, h in zip(points, (0.5, 0.1, 1.0, 2.0), strict=False)),
    ]
    starts += [(0.0, 0.5, 0.3), (-1.5, 0.0, 0.3), (-3.0, 4.0, 0.1)]
    named = [(f"theta = {theta:.1f}, psi = {psi:.1f}, step_size = {h}", (theta, psi, h)) for theta, psi, h in starts]
    return [{"about": about, "arguments": start, "returns": ("theta", "psi")} for about, start in named]


def _observe(answer, case: dict, like: dict) -> dict:
    """What comes back, psi before theta: a wrong psi makes theta wrong as well."""
    seen = function(answer, case, like)
    return {"returned": seen["returned"]} | dict(sorted(seen.items()))


alternating_step = Exercise(
    reference=answers.load("minimax_loss", "alternating_step"),
    points=3,
    cases=_cases,
    observe=_observe,
    look={
        "returned": {"a float": BOTH, "a tensor": BOTH, "1": BOTH, "3": BOTH},
        "psi": "psi is not right. Is theta returned first? D moves first, from the old theta: psi minus step_size times sigmoid(psi · theta) · theta.",
        "theta": "psi is right, theta is not. With the *new* psi, detached, G's gradient is -sigmoid(-psi · theta) · psi: subtract step_size times that.",
        "": "Return the new theta and the new psi.",
    },
    mistakes=(
        mistake(
            "G steps against the old psi. Alternating means that D steps first, and G answers to the new D.",
            f"return {NEW_THETA}, {NEW_PSI}",
        ),
        mistake(
            "the sigmoid in G's gradient is still that of the old psi. Compute it anew: sigmoid(-psi · theta), with the new psi.",
            "s = 1 / (1 + math.exp(-psi * theta))\npsi = psi - step_size * s * theta\nreturn theta + step_size * (1 - s) * psi, psi",
        ),
        mistake("G steps first. Here D does, and G answers to it.", f"theta = {NEW_THETA}\nreturn theta, {NEW_PSI}"),
        mistake("D climbs its own loss: *subtract* the gradient from psi.", "psi - step_size → psi + step_size"),
        mistake("G climbs its own loss: *subtract* its gradient from theta.", "theta + step_size → theta - step_size"),
        mistake("G's loss is the saturating one. The other has the gradient -sigmoid(-psi · theta) · psi.", SATURATING),
        mistake("the two are returned in the wrong order: theta first.", "return theta, psi → return psi, theta"),
        mistake("G steps first, and psi is returned first.", f"theta = {NEW_THETA}\nreturn {NEW_PSI}, theta"),
        mistake("step_size is not used.", ("step_size * theta → theta", "step_size * psi → psi")),
        mistake(
            "the sigmoids are missing: that is the Wasserstein game. They make a player's step small where its loss is small.",
            (" / (1 + math.exp(-psi * theta)) → ", " / (1 + math.exp(psi * theta)) → "),
        ),
        mistake(
            "by the chain rule D's gradient has the factor theta, and G's the factor psi. One is missing, or they are swapped.",
            "step_size * theta → step_size",
            ("step_size * theta → step_size", "step_size * psi → step_size"),
            ("step_size * psi → step_size * theta", "- step_size * theta → - step_size * psi"),
        ),
        mistake("one of the steps is missing.", f"theta = {NEW_THETA} → pass", f"psi = {NEW_PSI} → pass"),
    ),
)
