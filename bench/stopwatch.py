"""How PyTorch's calls are timed, of networks and of single shapes alike."""
import statistics
import time


def median_milliseconds(run, seconds):
    """The median of as many calls as fit into the seconds, at least three."""
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(times)
