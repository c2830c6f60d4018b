"""Line charts as SVG, made in a millisecond: for curves that are drawn again every two seconds while a training runs."""

import html
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

WIDTH, HEIGHT = 460, 170
LEFT, RIGHT, TOP, BOTTOM = 40, 118, 24, 22  # margins; the names of the lines stand in the right one
BINS = 120  # points of a line at most
LABEL = 15  # pixels that a name needs


@dataclass(frozen=True)
class Line:
    """A curve in a chart, or a level: a value that is drawn as a dotted line across."""

    name: str
    colour: str
    dash: str = ""  # SVG's stroke-dasharray
    level: float | None = None


def binned(values: Tensor, bins: int = BINS) -> Tensor:
    """Return the means of stretches of equal length, at most `bins` of them, the last one maybe shorter; values (n,)."""
    size = max(1, -(-len(values) // bins))
    whole = len(values) // size * size
    rest = values[whole:]
    return torch.cat([values[:whole].view(-1, size).mean(1), rest.mean(0, keepdim=True) if len(rest) else rest])


def line_chart(
    title: str, values: Mapping[str, Tensor], lines: list[Line], step: int, steps: int, top: float | None = None
) -> str:
    """Return an SVG chart of recorded values: name of a line -> float (n,), those of the n steps that end at `step`.

    steps: where the axis ends. top: where the vertical axis ends, None for the largest mean that is drawn.
    """
    curves = {line.name: binned(values[line.name]) for line in lines if line.level is None and line.name in values}
    most = max([float(c.max()) for c in curves.values() if len(c)] + [line.level or 0 for line in lines])
    top = top or 1.1 * most or 1.0
    inner = WIDTH - LEFT - RIGHT

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(value / top, 0), 1))

    parts = [f'<text x="{LEFT}" y="14" font-weight="600">{html.escape(title)}</text>']
    parts += [_axis(top, y, steps)]
    names, spoken = [], []
    for line in lines:
        if line.level is not None:
            height = y(line.level)
            parts.append(_path([(LEFT, height), (WIDTH - RIGHT, height)], line.colour, "1 4", 1))
        elif len(curve := curves.get(line.name, ())):
            done = len(
                values[line.name]
            )  # the steps before are those of an earlier training that this one goes on from
            ends = [step - done + done * (i + 1) / len(curve) for i in range(len(curve))]
            places = [LEFT + inner * end / steps for end in ends]
            parts.append(
                _path([(x, y(v)) for x, v in zip(places, curve.tolist(), strict=True)], line.colour, line.dash, 2)
            )
            height = y(float(curve[-1]))
            spoken.append(f"{line.name} {curve[-1]:.2f}")
        else:
            continue
        names.append((height, line))
    below = -LABEL
    for height, line in sorted(names, key=lambda name: name[0]):
        below = max(height, below + LABEL)
        parts.append(
            f'<text x="{WIDTH - RIGHT + 6}" y="{below + 4:.1f}" style="fill:{line.colour}">{html.escape(line.name)}</text>'
        )
    label = html.escape(f"{title} after {step:,} of {steps:,} steps: {', '.join(spoken) or 'nothing yet'}")
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" style="width:100%;max-width:{WIDTH}px;height:auto"'
    return f'<svg role="img" aria-label="{label}" {size}>{"".join(parts)}</svg>'


def _axis(top: float, y, steps: int) -> str:
    ground, right = y(0), WIDTH - RIGHT
    frame = _path([(LEFT, TOP), (LEFT, ground), (right, ground)], "#767676", "", 1)
    numbers = [(0.0, "0"), (top / 2, f"{top / 2:.2g}"), (top, f"{top:.2g}")]
    texts = [f'<text x="{LEFT - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{text}</text>' for v, text in numbers]
    texts.append(f'<text x="{LEFT}" y="{HEIGHT - 6}">1</text>')
    texts.append(f'<text x="{right}" y="{HEIGHT - 6}" text-anchor="end">{steps:,} steps</text>')
    return frame + "".join(texts)


def _path(points: list[tuple[float, float]], colour: str, dash: str, width: float) -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dash}"/>'
    )
