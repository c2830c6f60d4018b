"""The diagrams are drawn, and all their words lie inside of the picture."""

import pytest

from gancourse import diagrams

DRAWINGS = {
    "data_flow": ("noise z", "gradient to G, through D"),
    "turns": ("D's turn: only opt_D steps", "detach(): no gradient beyond", "gradient to G's weights"),
    "transposed_convolution": ("stride 2", "output: 3 x 5, with a 3 x 3 kernel; where kernels overlap, they add up"),
    "batch_norm_modes": ("training mode", "eval mode", "updates"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_diagram_says_what_it_should_and_nothing_is_cut_off(name):
    figure = getattr(diagrams, name)()
    figure.canvas.draw()
    texts = [text for ax in figure.axes for text in (*ax.texts, ax.title, ax._left_title) if text.get_text()]
    assert set(DRAWINGS[name]) <= {text.get_text() for text in texts}
    whole = figure.bbox
    for text in texts:
        box = text.get_window_extent()
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1, text.get_text()
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1, text.get_text()
