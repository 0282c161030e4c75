"""The life of a job: the lifecycle table, changing its status, claiming it, offering it, creating it."""
