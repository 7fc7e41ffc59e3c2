"""The database's clock jumps forward and back: accord_now() of a cluster that is marked as a test. Never to before the alliance
was founded: then nobody would hold a role yet."""
import processes

NAME = "clock jumps"
TIMES = 4, 20
ALLOWED = set()
FARTHEST_MS = 20 * 3600 * 1000  # an answer is kept for 24 hours


def is_possible():
    return None if processes.sql("select is_test from accord.clock") == "t" else "this cluster's clock can't be moved"


def run(world, times):
    # First far ahead and back, as a clock that was set wrongly and mended.
    offsets = [FARTHEST_MS // 2, 0] + [world.rng.randint(0, 20) * world.rng.choice((1, 60, 3600)) * 1000 for _ in range(times)]
    for offset in [*offsets[:times - 1], 0]:
        with world.incident(f"the clock is {offset / 1000:+.0f} s off", ()):
            processes.sql(f"update accord.clock set offset_ms = {offset}")
        world.go_on(0.5, 1.5)
