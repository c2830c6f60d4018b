"""Exercise 5: the generator's loss in three parts."""

import torch
from torch import Tensor, nn

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.values import function, randn

PIXELS = "pixels = (fake - real).abs().mean()"
MAPS = "maps = (features(fake) - features(real)).square().mean()"
SUM = "return pixels + content * maps + adversarial * losses.non_saturating_loss(fake_logits)"


class _Features(nn.Module):
    """A small network of maps: images (N, 3, H, W) -> (N, 4, H/2, W/2), with frozen weights."""

    def __init__(self, seed: int):
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        with torch.no_grad():
            self.layer.weight.copy_(randn(seed, 4, 3, 3, 3))
            self.layer.bias.copy_(randn(seed + 1, 4))
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.layer(x))


def _cases(seed: int, strict: bool) -> list[Case]:
    settings = [(1, 4, 0.5, 0.25), (3, 8, 2.0, 0.3), (2, 6, 0.0, 1.0), (4, 4, 1.0, 0.0)]
    if strict:
        settings = [
            (2, 4, 0.3, 0.7),
            (1, 10, 5.0, 0.05),
            (5, 6, 0.0, 0.2),
            (2 + seed % 3, 8, 0.1, 0.0),
            (3, 4, 0.0, 0.0),
        ]
    cases = []
    for number, (n, side, content, adversarial) in enumerate(settings):
        start = 17 * seed + 5 * number
        fake = 0.8 * randn(start, n, 3, side, side)  # beyond -1 and 1, too, as while G is trained
        real = randn(start + 1, n, 3, side, side).tanh()
        arguments = (fake, real, 2 * randn(start + 2, n), _Features(start + 3).eval(), content, adversarial)
        cases.append(
            {
                "about": f"fake and real of shape {tuple(fake.shape)}, content = {content}, adversarial = {adversarial}",
                "arguments": arguments,
                "returns": ("loss",),
                "gradients": ("fake", "fake_logits") if number else (),
            }
        )
    return cases


generator_loss = Exercise(
    reference=answers.load("srgan", "generator_loss"),
    points=3,
    cases=_cases,
    observe=function,
    look={
        "loss": "the number is wrong. Three parts are added: mean |fake - real|, content times the mean squared difference of the features, and adversarial "
        "times losses.non_saturating_loss(fake_logits).",
        "gradient:fake": "the number is right, but the gradient in fake is not: a part of the graph is detached. Gradients come back through the pixels and through the features.",
        "gradient:fake_logits": "the number is right, but the gradient in fake_logits is not. Use losses.non_saturating_loss on the logits as they are.",
        "": "pixels + content * features + adversarial * adversarial part, each a mean over everything.",
    },
    mistakes=(
        mistake(
            "the part on pixels takes squares. Take absolute values there; the squares belong to the features.",
            f"{PIXELS} → pixels = (fake - real).square().mean()",
        ),
        mistake(
            "the part on features takes absolute values. Take squares there; the absolute values belong to the pixels.",
            f"{MAPS} → maps = (features(fake) - features(real)).abs().mean()",
        ),
        mistake(
            "absolute values and squares are swapped: pixels take absolute values, features squares.",
            (
                f"{PIXELS} → pixels = (fake - real).square().mean()",
                f"{MAPS} → maps = (features(fake) - features(real)).abs().mean()",
            ),
        ),
        mistake(
            "the two weights are swapped: content belongs to the features, adversarial to D's logits.",
            f"{SUM} → return pixels + adversarial * maps + content * losses.non_saturating_loss(fake_logits)",
        ),
        mistake(
            "one of the three parts is missing.",
            f"{SUM} → return pixels + content * maps",
            f"{SUM} → return pixels + adversarial * losses.non_saturating_loss(fake_logits)",
            f"{SUM} → return content * maps + adversarial * losses.non_saturating_loss(fake_logits)",
        ),
        mistake(
            "the weights are not used, or not on the right parts: content multiplies the features, adversarial D's part, and the pixels have weight 1.",
            f"{SUM} → return pixels + maps + losses.non_saturating_loss(fake_logits)",
            f"{SUM} → return pixels + content * (maps + adversarial * losses.non_saturating_loss(fake_logits))",
            f"{SUM} → return (pixels + content * maps) + losses.non_saturating_loss(fake_logits)",
            f"{SUM} → return pixels + maps + adversarial * losses.non_saturating_loss(fake_logits)",
        ),
        mistake(
            "fake or features(fake) is detached, or computed under no_grad(), so G learns nothing from that part. Only the features of real images need no gradient.",
            f"{MAPS} → maps = (features(fake).detach() - features(real)).square().mean()",
            f"{MAPS} → maps = (features(fake.detach()) - features(real)).square().mean()",
            f"{PIXELS} → pixels = (fake.detach() - real).abs().mean()",
        ),
        mistake(
            "the loss is summed, not averaged, over pixels or features. Take means, so that it does not grow with the picture.",
            f"{PIXELS} → pixels = (fake - real).abs().sum()",
            f"{MAPS} → maps = (features(fake) - features(real)).square().sum()",
            f"{MAPS} → maps = (features(fake) - features(real)).square().mean(0).sum()",
        ),
        mistake(
            "this is another adversarial loss. The text asks for the non-saturating one: losses.non_saturating_loss(fake_logits).",
            f"{SUM} → return pixels + content * maps + adversarial * losses.saturating_loss(fake_logits)",
            f"{SUM} → return pixels + content * maps + adversarial * F.softplus(fake_logits).mean()",
            f"{SUM} → return pixels + content * maps - adversarial * fake_logits.mean()",
            f"{SUM} → return pixels + content * maps + adversarial * (fake_logits - 1).square().mean()",
            f"{SUM} → return pixels + content * maps + adversarial * losses.non_saturating_loss(fake_logits.sigmoid())",
            f"{SUM} → return pixels + content * maps - adversarial * losses.non_saturating_loss(fake_logits)",
        ),
        mistake(
            "the features are those of the difference of the two images. Compute the features of each image, and then their difference.",
            f"{MAPS} → maps = features(fake - real).square().mean()",
        ),
    ),
)
