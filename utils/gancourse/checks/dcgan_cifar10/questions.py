"""The three questions of lesson 6."""

from gancourse.checks.questions import question

LESSON = "dcgan_cifar10"

question_1 = question(
    LESSON,
    "question_1",
    a="a frozen D knows the difference between photographs and noise, and nothing of what makes a photograph: look at section 6.1 "
    "again, where it took a grey square for real.",
    c="this D is right about noise, which is all that it has met. G may draw anything else, and section 6.1 shows what D lets through.",
    d="G never sees a photograph, and does not need one to fool this D: much less is enough (section 6.1).",
)
question_2 = question(
    LESSON,
    "question_2",
    a="the grid is there before the first step of training: some pixels are covered by more kernels than their neighbours (section 6.2). A "
    "learning rate does not change what a layer can easily draw.",
    b="batch norm shifts and scales a whole channel alike, so it cannot make neighbouring pixels equal; and after G's last layer it does harm.",
    c="the cause is the same for every image of the batch: how many 3×3 kernels meet in a pixel with stride 2 (section 6.2).",
)
question_3 = question(
    LESSON,
    "question_3",
    b="then the pictures would be grey in train mode, too. What is the only thing that differs between the two modes?",
    c="D takes no part in drawing. What is the only thing that differs between train and eval mode?",
    d="nothing switches the noise off: z is an argument. What is the only thing that batch norm does differently in the two modes?",
)
