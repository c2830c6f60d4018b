"""Exercise 4: a generator of transposed convolutions."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.dcgan_cifar10.discriminator import KERNEL, network_cases
from gancourse.checks.observers import convolutions

FIRST = "nn.BatchNorm2d(256),\n            nn.ReLU(),"
OTHERS = "nn.BatchNorm2d(out),\n                nn.ReLU(),"
END = "            nn.Tanh(),\n        )"
VECTORS = (3, 64, 128, 256, 4096)
OF_CASES = {"input": "z", "shape": (3, 32, 32), "logits": False, "slope": 0.0, "vectors": VECTORS, "z_dim": True}

Generator = Exercise(
    reference=answers.load("dcgan_cifar10", "Generator"),
    points=3,
    cases=lambda seed, strict: network_cases(seed, strict, (100,), **OF_CASES),
    observe=convolutions.convolutional,
    look=convolutions.LOOK
    | {
        "z_dim": "z_dim is missing or has another value. It is a class attribute, the length of a noise vector: keep the line z_dim = 100.",
        "kernels": KERNEL,
        "slopes": "there is a LeakyReLU or a PReLU. The leaky one belongs to D: G has ReLU after each batch norm, and tanh at the end.",
        "range": {
            "0": "no pixel is below 0: there is a sigmoid, a ReLU before the tanh, or a shift. Real images lie between -1 and 1: end with nn.Tanh() alone.",
            "": "pixels leave the range from -1 to 1 that real images have: end with nn.Tanh().",
        },
        "shape": "the images do not have the shape (N, 3, 32, 32). Print .shape after each layer: stride 1 and padding 0 make 4 × 4 of one pixel; then stride 2 "
        "doubles the side n only with padding=1: (n - 1)·2 - 2·padding + 4 = 2n.",
        "vectors:3": {
            "0": "the last transposed convolution has lost its bias. bias=False is for the ones that a batch norm follows.",
            "": "the last layer has a batch norm. Remove it: the pixels should not depend on what else is in the batch.",
        },
        "vectors:256": "the batch norm of the first 256 maps is missing, has no scale and shift, or stands there twice. (After a linear layer, reshape to "
        "(N, 256, 4, 4) first, then nn.BatchNorm2d(256).)",
        "vectors": "a batch norm is missing, has no scale and shift, or stands there twice. Every transposed convolution but the last has one.",
    },
    mistakes=(
        mistake(
            "an activation is missing. Every transposed convolution but the last has a batch norm and a ReLU after it.",
            (f"{FIRST} → nn.BatchNorm2d(256),", f"{OTHERS} → nn.BatchNorm2d(out),"),
            f"{FIRST} → nn.BatchNorm2d(256),",
            *(
                f"{OTHERS} → nn.BatchNorm2d(out),\n                nn.Identity() if out == {c} else nn.ReLU(),"
                for c in (128, 64)
            ),
        ),
        mistake(
            "another activation stands where ReLU should.",
            *(
                (f"{FIRST} → {FIRST.replace('ReLU', a)}", f"{OTHERS} → {OTHERS.replace('ReLU', a)}")
                for a in ("Tanh", "ELU", "GELU", "SiLU", "Sigmoid")
            ),
        ),
        mistake(
            "batch norm stands after the activation. It belongs between the convolution and the activation.",
            *(
                (
                    f"kernel_size=4, bias=False),  # (N, 256, 4, 4)\n            {FIRST} → "
                    f"kernel_size=4{bias}),\n            nn.ReLU(),\n            nn.BatchNorm2d(256),",
                    f"padding=1, bias=False),\n                {OTHERS} → padding=1{bias}),\n                nn.ReLU(),\n                nn.BatchNorm2d(out),",
                )
                for bias in (", bias=False", "")
            ),
        ),
        mistake(
            "the pixels are clipped at -1 and 1, so no gradient comes back from a pixel beyond. A tanh limits them smoothly: nn.Tanh().",
            f"{END} → {END.replace('Tanh', 'Hardtanh')}",
        ),
    ),
)
