"""The `gancourse` command."""

import argparse
import importlib.util
import os
import signal
import sys
import threading
from pathlib import Path

from gancourse import files

# For servers, and so for their kernels. glibc lets each of a kernel's ten threads keep what it has freed, some hundred MB
# after twenty minutes in the explorer; two stores for all of them stay small.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, or 1 where something is wrong and a message has said what."""
    for stream in (sys.stdout, sys.stderr):  # an ASCII or Latin-1 terminal shows "?" for a dash instead of a traceback
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    handles_signals = threading.current_thread() is threading.main_thread()  # no other thread may set a handler
    afterwards = signal.getsignal(signal.SIGINT) or signal.SIG_DFL  # None: one that was not set by Python
    if handles_signals:
        signal.signal(signal.SIGINT, _interrupted)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        afterwards = signal.SIG_IGN  # a second one, while Python tidies up, would print a traceback
        if handles_signals:
            signal.signal(signal.SIGINT, afterwards)
        print("\nStopped.", file=sys.stderr)
        return 130
    finally:
        if handles_signals:
            signal.signal(signal.SIGINT, afterwards)


def _run(arguments: list[str] | None) -> int:
    parser = _parser()
    options, options.flags = parser.parse_known_args(arguments)
    if options.flags and options.command not in ("lab", "explore"):
        parser.error(f"unrecognized arguments: {' '.join(options.flags)}")
    try:
        return options.run(options) or 0
    except OSError as error:
        print(f"gancourse {options.command}: {files.in_words(error)}", file=sys.stderr)
        return 1
    except (RuntimeError, ValueError) as error:
        # The package's own errors say what to do; any other kind is a bug and keeps its traceback.
        print(f"gancourse {options.command}: {error}", file=sys.stderr)
        return 1


def _interrupted(number, frame) -> None:
    """Answer Ctrl-C: stop at once while a module is loaded, for an exception in the middle of torch's C++ aborts the process."""
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            os.write(sys.stderr.fileno(), b"\nStopped.\n")  # print may be in use
            os._exit(130)
        frame = frame.f_back
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gancourse", description="Tools of the GAN course.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    command("doctor", _doctor, "Report what works on this machine, and how to fix what does not.")
    command("lab", _lab, "Open JupyterLab on your own copies of the lessons; further options go to JupyterLab.")
    explore = command(
        "explore", _explore, "Open one page to explore the generators, shipped and kept; further options go to Voilà."
    )
    explore.add_argument(
        "name",
        nargs="?",
        default="mnist_better",
        metavar="NAME",
        help="generator that is open at first (default: mnist_better)",
    )
    data = command("data", _data, "Fetch datasets, so that the lessons work offline.")
    data.add_argument("names", nargs="+", metavar="NAME", help="mnist, cifar10, pokemon, pokemon819 or all")
    train = command("train", _train, "Train one of the shipped networks again, going on from the last checkpoint.")
    train.add_argument("recipe", metavar="RECIPE", help="a recipe, a level or a classifier of gancourse/recipes.py")
    train.add_argument(
        "--seeds", type=_positive, default=1, help="train with seeds 0, 1, ... and print a line for each"
    )
    train.add_argument("--steps", type=_positive, help="stop after so many steps instead of the recipe's")
    train.add_argument("--runs", type=Path, default=Path("runs"), help="where checkpoints go (default: runs/)")
    train.add_argument("--ship", action="store_true", help="write seed 0's weights and card to data/pretrained")
    evaluate = command(
        "evaluate", _evaluate, "Compare a shipped generator, or one that you have trained, with real images."
    )
    evaluate.add_argument("name", metavar="NAME", help="a recipe of gancourse/recipes.py")
    which = evaluate.add_mutually_exclusive_group()
    which.add_argument("--stage", type=_positive, help="stage of the shipped training, from 1 (default: the last)")
    which.add_argument("--weights", type=Path, metavar="FILE", help="a checkpoint or snapshot that `train` has written")
    evaluate.add_argument("--samples", type=_positive, help="how many images (default: 10,000; 1,000 of Pokémon)")
    evaluate.add_argument(
        "--inception", type=Path, metavar="FILE", help="compare on the Inception network of the FID, a TorchScript file"
    )
    evaluate.add_argument("--out", type=Path, metavar="FILE", help="where to write the figures (default: in runs/)")
    evaluate.add_argument("--ship", action="store_true", help="measure each stage and write the figures into its card")
    evaluate.add_argument(
        "--directions", action="store_true", help="measure only what the explorer's directions change"
    )
    upscale = command("upscale", _upscale, "Enlarge a picture four times, in tiles, and write a PNG.")
    upscale.add_argument("picture", type=Path, metavar="PICTURE", help="a PNG, JPEG or other picture file")
    upscale.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it (default: PICTURE-4x.png beside it)"
    )
    upscale.add_argument(
        "--network", default="pokemon_srgan", metavar="NAME", help="pokemon_srgan (default) or cifar10_srgan"
    )
    upscale.add_argument(
        "--faithful", action="store_true", help="the network trained on pixels alone: softer, with less invented detail"
    )
    build = command("build", _build, "Execute and release the lessons whose source has changed.")
    build.add_argument("--check", action="store_true", help="write nothing; fail if a notebook and its source disagree")
    build.add_argument("--force", action="store_true", help="execute every lesson again")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not a positive whole number")
    return number


def _doctor(options) -> int:
    from gancourse import doctor

    rows = doctor.rows()
    print(doctor.table(rows))
    return 0 if all(row.state != doctor.BROKEN for row in rows) else 1


def _lab(options) -> None:
    from gancourse import workspace

    root = _checkout()
    _require("jupyterlab")
    for line in workspace.prepare(root / "lessons", root / "work"):
        print(line, flush=True)  # execve drops what is still buffered
    # Encrypted, or ipykernel warns of eavesdropping at the start of every kernel.
    flags = [f"--ServerApp.root_dir={root / 'work'}", "--KernelManager.transport_encryption=auto", *options.flags]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.insert(0, "--allow-root")
    # This environment's executables first, for the server's own helpers and for `!command` in a notebook.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    os.execve(sys.executable, [sys.executable, "-m", "jupyterlab", *flags], ENVIRONMENT | os.environ | {"PATH": path})


def _explore(options) -> int:
    import subprocess
    import tempfile

    _require("voila", "nbformat")
    import nbformat

    from gancourse import pretrained, runs

    if options.name not in [*pretrained.names(), *runs.names()]:
        known = ", ".join([*runs.names(), *pretrained.names()])
        raise ValueError(f"there is no generator {options.name!r}. There are: {known}.")
    cells = [
        nbformat.v4.new_markdown_cell(
            "# Explore what a GAN has learnt\n\nA generator turns random numbers into pictures. Press *Draw another*, move a slider, "
            "drag over the map, or draw something yourself."
        ),
        nbformat.v4.new_code_cell(f"from gancourse.widgets import ExplorePage\n\nExplorePage({options.name!r})"),
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a kill ends Voilà and removes the folder, too
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "explore.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), page)
        command = [sys.executable, "-m", "voila", str(page), "--KernelManager.transport_encryption=auto"]
        # The home may be read-only.
        own = dict.fromkeys(("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"), folder)
        with subprocess.Popen([*command, *options.flags], env=ENVIRONMENT | os.environ | own) as server:
            try:
                return server.wait()
            except BaseException:  # Ctrl-C, or a kill: Voilà ends its kernels itself
                server.terminate()
                raise


def _data(options) -> None:
    from gancourse import datasets

    names = datasets.NAMES if options.names == ["all"] else options.names
    for name in names:
        datasets.discard_if_damaged(name)
        dataset = datasets.load(name)
        print(f"{name}: {len(dataset):,} images of {'x'.join(map(str, dataset.images.shape[1:]))}")


def _train(options) -> None:
    from gancourse import recipes, shipping

    if options.recipe in recipes.CLASSIFIERS:
        if options.steps or options.seeds > 1:
            raise ValueError("a classifier is always trained with seed 0 and in full; remove --seeds and --steps.")
        shipping.train_classifier(options.recipe, options.ship)
    else:
        shipping.train(options.recipe, options.seeds, options.runs, options.steps, options.ship)


def _evaluate(options) -> None:
    from gancourse import shipping

    if options.directions:
        if any((options.ship, options.stage, options.weights, options.samples, options.inception, options.out)):
            raise ValueError("--directions measures nothing else; remove the other options.")
        shipping.measure_directions(options.name)
        return
    if options.ship:
        if any((options.stage, options.weights, options.samples, options.inception, options.out)):
            raise ValueError("--ship measures every shipped stage in the same way; remove the other options.")
        shipping.measure_stages(options.name)
        return
    shipping.evaluate(options.name, options.stage, options.weights, options.samples, options.inception, options.out)


def _upscale(options) -> None:
    from gancourse import pretrained, recipes, upscaling

    if options.network not in recipes.SRGANS:
        raise ValueError(f"{options.network} does not enlarge pictures. {' and '.join(recipes.SRGANS)} do.")
    if not options.picture.is_file():
        raise ValueError(f"there is no file {str(options.picture)!r}. Name a picture, such as holiday.jpg.")
    out = options.out or options.picture.with_name(f"{options.picture.stem}-4x.png")
    G = pretrained.load(options.network, 1 if options.faithful else None).generator
    picture = upscaling.upscale(options.picture, G, out)
    for note in picture.notes:
        print(f"{options.picture.name}: {note}.")
    height, width = picture.colour.shape[1:]
    print(f"{out}: {4 * width:,} x {4 * height:,} pixels. Detail in it is invented, from pictures the network knows.")


def _build(options) -> int:
    root = _checkout()
    _require("jupytext", "nbclient", "nbgrader")
    from gancourse import authoring

    lines = authoring.check(root) if options.check else authoring.build(root, options.force)
    print("\n".join(lines) or "Every notebook agrees with its source.")
    return 1 if options.check and lines else 0


def _require(*packages: str) -> None:
    """Raise RuntimeError where one of the packages of the extra "lab" is missing; the lessons themselves need none of them."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise RuntimeError(
            f"this command needs {' and '.join(missing)}, not installed here. Run `make install` in the course's folder, or "
            f"pip install {' '.join(missing)}"
        )


def _checkout() -> Path:
    """Return the root of the repository this package runs from; RuntimeError for an installed wheel."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "lessons").is_dir():
        raise RuntimeError("this command works in a clone of the course's repository, not in an installed package.")
    return root
