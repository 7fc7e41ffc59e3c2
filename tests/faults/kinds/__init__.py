"""The kinds of fault, a module each: NAME; ALLOWED, what else than a success an answer may be (0 = none came); is_possible(),
why it can't be tried here or None; run(world, times), which demands what is special to it. TIMES: how often in CI, and in
each round of the long form."""
