"""`python -m gancourse`, the same as the command `gancourse`."""

from gancourse.cli import main

raise SystemExit(main())
