"""The three questions of lesson 7."""

from gancourse.checks.questions import question

question_1 = question(
    "dcgan_pokemon",
    "question_1",
    a="held-out pictures get -2, close to the fakes at -4 and far from the training pictures at 5: D is sure, and wrong.",
    b="D has learnt something: it has memorised the training pictures. It judges new ones like fakes.",
    d="held-out pictures get -2, close to the fakes at -4. Training pictures get 5, so D does not judge the two alike.",
)
question_2 = question(
    "dcgan_pokemon",
    "question_2",
    a="every real picture that D sees has a hole. For D, a picture without a hole is a fake, so G learns to draw holes.",
    c="this D never sees a real picture without a hole, so it calls whole Pokémon fakes, and tells G so at every step.",
    d="the holes are at new places each time, which makes memorising harder, not easier. Something else goes wrong here.",
)
question_3 = question(
    "dcgan_pokemon",
    "question_3",
    a="a distance between pixels compares each place with itself. Move a picture, and it is far from the original.",
    b="a copy moved by three pixels lies as far from the training pictures as held-out ones do: the table says 2 % and 1 %.",
    c="other noise gives other pictures, but whether they are copies depends on how they are compared.",
)
