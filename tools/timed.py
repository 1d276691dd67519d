"Run a command and note what it took in .pytest_cache/seconds.json, where `make figures` finds it: `python tools/timed.py COMMAND…`"
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

start = time.monotonic()
code = subprocess.run(sys.argv[1:]).returncode
use, out = resource.getrusage(resource.RUSAGE_CHILDREN), Path(__file__).resolve().parents[1]/".pytest_cache"/"seconds.json"
out.parent.mkdir(exist_ok=True)
out.write_text(json.dumps(dict(processor=use.ru_utime + use.ru_stime, wall=time.monotonic() - start)))
sys.exit(code)
