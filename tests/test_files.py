"""What the file system refuses, in words."""

import errno
import re
import shutil
from collections import namedtuple

import pytest

from gancourse import cli, files
from toy_training import toy_fit

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EACCES, "runs cannot be written or read here.*a folder of your own"),
        (errno.EROFS, "runs cannot be written or read here"),
        (errno.ENOSPC, "runs cannot be written: the disk is full. Make room"),
    ],
)
def test_the_command_says_what_the_file_system_means(number, says, monkeypatch, capsys):
    def refuse(*_):
        raise OSError(number, "refused", "runs")

    monkeypatch.setattr("gancourse.shipping.train", refuse)
    assert cli.main(["train", "mnist_better"]) == 1
    assert re.search(says, capsys.readouterr().err)


def test_a_training_that_cannot_be_saved_does_not_begin(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - 10**5, 10**5))
    with pytest.raises(OSError, match=r"checkpoints in .* take up to \d+ MB, and 0 MB are free. Make room"):
        toy_fit(tmp_path / "new" / "run", 10, train_step=lambda *_: pytest.fail("trained"))
    assert not (tmp_path / "new").exists()


def test_a_disk_that_is_large_enough_is_no_matter(tmp_path):
    files.check_room(tmp_path / "not" / "there", 1, "checkpoints")
