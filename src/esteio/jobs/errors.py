"""What ends a run otherwise than with a result."""

from esteio.base.errors import Conflict, EsteioError, Internal


class Permanent(EsteioError):
    """The job fails for good: trying again would change nothing. Its detail is shown to whoever asked for the job."""

    code = "JOB_FAILED"
    status = 422
    title = "The job failed"
    words = "The job cannot be done."


class Later(Exception):
    """Try again after so many seconds, whatever the retry policy would say.

    It counts as a try, unless the run has only found that it is not its turn: `counted=False`.
    """

    def __init__(self, seconds: float, error: EsteioError | None = None, *, counted: bool = True) -> None:
        super().__init__(f"again in {seconds:.0f} s")
        self.seconds = seconds
        self.error = error
        self.counted = counted


class LeaseLost(Exception):
    """The run no longer owns its job: another worker took it over, or it was ended. Nothing more can be written."""


class JobTimedOut(Internal):
    code = "JOB_TIMED_OUT"
    title = "The job took too long"
    words = "The job took longer than it may."


class WorkerLost(Internal):
    code = "JOB_WORKER_LOST"
    title = "The job's workers were lost"
    words = "The processes that ran the job ended three times before it was done."


class NotCancellable(Conflict):
    code = "TASK_FINISHED"
    title = "The task has ended"
    words = "The task has ended, so it cannot be cancelled."


class NotRetriable(Conflict):
    code = "TASK_NOT_FAILED"
    title = "The task has not failed"
    words = "Only a task that has failed can be tried again."
