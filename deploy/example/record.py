"""What has been asked and answered so far, so that an example whose run was killed is taken up where it stopped.

The story always asks the same in the same order. So when it begins again, the recorded answers are given to it without asking
anybody, the one request whose answer is missing is repeated as it was (with its Idempotency-Key, so it is done once), and from
there on it plays."""
import json
import os
import time

USABLE_S = 1800  # the story's deadlines pass an hour after they were set


class Record:
    """A file of lines: what is about to be written, then its answer."""

    def __init__(self, path):
        self.path, self.pending = path, None
        self.answers, self.begun = [], time.time()
        self._read()
        if self.answers:
            self.file = open(path, "a", encoding="utf-8")
        else:
            self.file = open(path, "w", encoding="utf-8")
            self._write({"begun": self.begun})

    @property
    def is_resumed(self):
        return bool(self.answers)

    def _read(self):
        try:
            with open(self.path, "r+", encoding="utf-8", newline="") as file:
                whole = file.read().rpartition("\n")[0]  # the kill may have come within a line
                lines = [json.loads(line) for line in whole.split("\n")]
                begun = lines[0]["begun"]
                file.truncate(len(f"{whole}\n".encode()))
        except (OSError, ValueError, LookupError):
            return  # none, or nothing to rely on
        if not 0 <= time.time() - begun < USABLE_S:
            return
        self.begun = begun
        self.answers = [line for line in lines if "status" in line]
        self.pending = lines[-1] if "headers" in lines[-1] and "status" not in lines[-1] else None

    def answered_before(self, method, path):
        """The recorded answer to the next request; None once all have been given. False if the story asks otherwise."""
        if not self.answers:
            return None
        line = self.answers.pop(0)
        return (line["method"], line["path"]) == (method, path) and line

    def unanswered(self, method, path):
        """Body and headers of the request that was under way when the run was killed; None if it is not this one."""
        line, self.pending = self.pending, None
        return line if line and (line["method"], line["path"]) == (method, path) else None

    def about_to(self, method, path, body, headers):
        """On disk before it is sent. The token stays out."""
        kept = {name: value for name, value in headers.items() if name != "Authorization"}
        self._write({"method": method, "path": path, "body": body, "headers": kept})
        os.fsync(self.file.fileno())

    def answered(self, method, path, answer):
        self._write({"method": method, "path": path, "status": answer.status, "text": answer.text, "answer": answer.headers})

    def _write(self, line):
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()

    def remove(self):
        self.file.close()
        os.remove(self.path)
